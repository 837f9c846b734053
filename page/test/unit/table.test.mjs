import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTable } from "../../src/table.mjs";

test("tables are read however they are written", () => {
  const wanted = [[0, 1, 1], [-2.5, 3e-2, 0]];
  for (const text of ["0,1,b\n-2.5,0.03,a\n", "# measured\n0;1,0;b\n-2,5;,03;a\n", "x\ty\tc\n0\t1\tb\n-2,5\t0,03\ta", "x;y;class\r\n0;1;1\r\n-2.5;3e-2;0", "0\t1\t10\n-2.5\t.03\t9", "\n0 1 yes\n\n-2.5 0.03 no", 'x,y,"a, b"\n"0","1","z, z"\n-2.5,0.03,"q"']) {
    assert.deepEqual(parseTable(text, 10).rows, wanted, text);
  }
  assert.match(parseTable("x,y,c\n0,0,a\n1,1,b\n", 10).notice, /class 1 “b”\. The first row is taken for names\.$/);
  assert.equal(parseTable("0,0,a\n1,1,b\n", 10).notice, "Class 0 is “a”, class 1 “b”.");
});

test("of too many rows some are taken, evenly", () => {
  const text = Array.from({ length: 25 }, (_, i) => `${i},0,${i % 2}`).join("\n");
  const { rows, notice } = parseTable(text, 10);
  assert.deepEqual(rows.map(([x]) => x), [0, 3, 6, 9, 12, 15, 18, 21, 24]);
  assert.match(notice, /Of 25 rows one in 3 is used: 9 points/);
});

test("what is wrong is told with its line", () => {
  const bad = {
    "": /nothing in it/, "0,0,1\n1,NaN,0": /line 2: “NaN” is no number/, "0,0,1\n1,,0": /line 2: “” is no number/, "0,0,1\n1,2": /line 2 has 2 columns/,
    "0,0,1\n1,2,nan": /line 2: the class is missing/, "0,0,1\n1,2,": /line 2: the class is missing/, "0,0,1\n1,2,1": /two different classes; it has 1: “1”/,
    "?,2,0\n1,2,1\n0,0,0": /line 1: “\?” is no number/, "0x10,2,0\n1,2,1": /line 1: “0x10” is no number/, '"1,4",0,1\n"1,5",0,1': /“1,4” is no number; write decimal points/,
    "5.1,3.5,1.4,0.2,setosa\n4.9,3,1.4,0.2,virginica": /line 1 has 5 columns; .* Leave out the others/,
    "0,0,a\n1,2,b\n1,1,c": /it has 3: “a”, “b”, “c”/, "0,0,1\n1e7,0,0": /line 2: 1e7 is larger than a million/, "0,0,1\nInfinity,0,0": /line 2: “Infinity” is no number/,
  };
  for (const [text, message] of Object.entries(bad)) assert.throws(() => parseTable(text, 10), message, text);
});
