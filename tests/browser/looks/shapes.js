// What a browser can be asked about the shape of a page; each answer is a list of what is not as it should be.
(() => {
  const said = (element) => {
    const name = element.getAttribute("class") ?? "";
    return `${element.localName}.${name.split(" ").join(".")} "${element.textContent.trim().slice(0, 40)}"`;
  };
  const isForListenersOnly = (element) =>
    element && (element.getBoundingClientRect().width === 1 || isForListenersOnly(element.parentElement));
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    !element.closest(".vh, .skip") &&
    !isForListenersOnly(element);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter(isShown);
  const texts = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = root.nodeType === Node.TEXT_NODE ? [root] : [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found.filter((text) => text.data.trim() && isShown(text.parentElement));
  };
  const isOutside = ({ left, right, width }) =>
    width && (left < -1 || right > document.documentElement.clientWidth + 1);
  const area = (element) => {
    if (element.matches?.("svg, button, .btn, input, .tile, .sheet")) return element.getBoundingClientRect();
    const boxes = texts(element).map((text) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      return range.getBoundingClientRect();
    });
    const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
    const [right, bottom] = [Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
    return { left, top, right, bottom, width: right - left };
  };

  // What reaches beyond the left or right edge, of the page or of the dialog that is open.
  const overTheEdge = () => {
    const found = [];
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) found.push(`the page is ${page.scrollWidth} of ${page.clientWidth} wide`);
    const dialog = document.querySelector("dialog[open]");
    if (dialog && dialog.scrollWidth > dialog.clientWidth) found.push("the dialog scrolls sideways");
    for (const text of texts(document.body)) {
      const element = text.parentElement;
      // A table of numbers may scroll sideways by itself (WCAG 1.4.10).
      if (!element.closest(".map, .side, .op-scroll") && isOutside(area(text))) found.push(said(element));
    }
    return [...found, ...all(".btn, input, .strip, .tile, .sheet").filter((each) => isOutside(area(each))).map(said)];
  };

  // Parts of a row that lie on top of each other.
  const onTopOfEachOther = () => {
    const parts = "h3, summary, .place > *, .strip, .when > *, .act button, .act .done, .row-error, .followup p, .followup .btn, .grant p, .grant li, .flag p, .flag-act button, dt, dd";
    const found = [];
    for (const row of all(".row")) {
      const boxes = all(parts, row).map((element) => [element, area(element)]);
      boxes.forEach(([one, a], at) => {
        for (const [other, b] of boxes.slice(at + 1)) {
          const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          const isInside = one.contains(other) || other.contains(one);
          if (wide > 1 && high > 3 && !isInside) found.push(`${said(one)} and ${said(other)}`);
        }
      });
    }
    return found;
  };

  // Targets that are too small to hit; words in a sentence may be (WCAG 2.5.8).
  const tooSmall = (least) =>
    all("a, button, summary, input")
      .filter((element) => getComputedStyle(element).display !== "inline")
      .map((element) => [element, (element.closest("label") ?? element).getBoundingClientRect()])
      .filter(([, box]) => box.width < least - 0.5 || box.height < least - 0.5)
      .map(([element, box]) => `${said(element)} is ${box.width} x ${box.height}`);

  // Whether what has the focus can be seen: its ring, all of it in the window, and nothing over it.
  const focused = () => {
    const element = document.activeElement;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
    const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
    const problems = [];
    if (outlineStyle !== "solid" || parseFloat(outlineWidth) < 3) problems.push(`ring ${outlineStyle} ${outlineWidth}`);
    if (outlineColor.endsWith(", 0)")) problems.push("the ring cannot be seen");
    if (top < 0 || left < 0 || bottom > innerHeight + 1 || right > innerWidth + 1) problems.push("out of the window");
    for (const y of [top + 2, top + height / 2, bottom - 2]) {
      const above = document.elementFromPoint(left + width / 2, y);
      if (above && !element.contains(above) && !above.contains(element)) problems.push(`under ${said(above)}`);
    }
    return { name: said(element), isPage: element === document.body, problems };
  };

  // How many words there are to read in the page itself.
  const words = () =>
    texts(document.querySelector("main")).flatMap((text) => text.data.split(/\s+/).filter(Boolean)).length;

  globalThis.shapes = { words, overTheEdge, onTopOfEachOther, tooSmall, focused };
})();
