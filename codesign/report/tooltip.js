/* Nicer hover texts: the page is complete without this. Titles stay readable to assistive technology. */
(function () {
  "use strict";
  var tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("aria-hidden", "true");
  document.body.appendChild(tip);
  document.querySelectorAll("svg title").forEach(function (title) {
    var owner = title.parentNode;
    owner.dataset.tip = title.textContent;
    owner.setAttribute("aria-label", title.textContent);
    title.remove();
  });
  function place(event) {
    var owner = event.target.closest ? event.target.closest("[data-tip]") : null;
    if (!owner) { tip.classList.remove("on"); return; }
    tip.textContent = owner.dataset.tip;
    tip.classList.add("on");
    var box = tip.getBoundingClientRect();
    var x = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
    var y = event.clientY + 18;
    if (y + box.height > window.innerHeight - 8) { y = event.clientY - box.height - 12; }
    tip.style.left = Math.max(8, x) + "px";
    tip.style.top = Math.max(8, y) + "px";
  }
  document.addEventListener("pointermove", place);
  document.addEventListener("pointerleave", function () { tip.classList.remove("on"); });
})();
