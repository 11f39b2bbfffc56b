// Put into a copy of the page by the test alone: says of every piece of text where it is drawn, and what hides it.
addEventListener("load", () => {
  const found = { texts: 0, problems: [] };
  const name = (text) => JSON.stringify(text.trim().replace(/\s+/g, " ").slice(0, 60));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const boxes = [];
  for (let node; (node = walker.nextNode()); ) {
    if (!node.data.trim() || node.parentElement.closest("title, script, style, desc")) continue;
    found.texts += 1;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((rect) => rect.width > 0.5 && rect.height > 0.5);
    if (rects.length === 0) found.problems.push(`${name(node.data)} is not drawn`);
    for (const rect of rects) {
      const box = {
        of: node, left: rect.left, right: rect.right, width: rect.width,
        top: rect.top + scrollY, bottom: rect.bottom + scrollY,
      };
      // What is drawn of a glyph is less high than its line.
      const slack = (box.bottom - box.top) * 0.12;
      box.top += slack;
      box.bottom -= slack;
      boxes.push(box);
      if (box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5) {
        found.problems.push(`${name(node.data)} leaves the page: ${box.left} to ${box.right}`);
      }
      const picture = node.parentElement.closest("svg");
      if (picture) {
        const frame = picture.getBoundingClientRect();
        const inside = rect.left >= frame.left - 0.5 && rect.right <= frame.right + 0.5 &&
          rect.top >= frame.top - 0.5 && rect.bottom <= frame.bottom + 0.5;
        if (!inside) found.problems.push(`${name(node.data)} leaves its picture`);
      }
    }
    for (let element = node.parentElement; element && element !== document.body; element = element.parentElement) {
      const style = getComputedStyle(element);
      if (style.overflowX !== "visible" && !(element instanceof SVGElement) && element.scrollWidth > element.clientWidth + 1) {
        found.problems.push(`${name(node.data)} is cut off`);
      }
    }
  }
  boxes.sort((one, other) => one.top - other.top);
  boxes.forEach((one, place) => {
    for (const other of boxes.slice(place + 1)) {
      if (other.top >= one.bottom - 0.5) break;
      if (one.of !== other.of && one.left < other.right - 0.5 && other.left < one.right - 0.5) {
        found.problems.push(`${name(one.of.data)} and ${name(other.of.data)} overlap`);
      }
    }
  });
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    found.problems.push(`the page is ${document.documentElement.scrollWidth} wide, the window ${document.documentElement.clientWidth}`);
  }
  found.width = document.documentElement.clientWidth;
  const told = document.createElement("script");
  told.type = "application/json";
  told.id = "measured";
  told.textContent = JSON.stringify(found).replaceAll("<", "\\u003c");
  document.body.append(told);
});
