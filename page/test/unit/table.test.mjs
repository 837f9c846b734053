import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTable } from "../../src/table.mjs";

test("tables are read however they are written", () => {
  const wanted = [[0, 1, 1], [-2.5, 3e-2, 0]];
  for (const text of ["0,1,b\n-2.5,0.03,a\n", "# measured\n0;1,0;b\n-2,5;,03;a\n", "x\ty\tc\n0\t1\tb\n-2,5\t0,03\ta", "x;y;class\r\n0;1;1\r\n-2.5;3e-2;0", "0\t1\t10\n-2.5\t.03\t9", "\n0 1 yes\n\n-2.5 0.03 no", 'x,y,"a, b"\n"0","1","z, z"\n-2.5,0.03,"q"']) {
    assert.deepEqual(parseTable(text, 10).rows, wanted, text);
  }
  for (const text of ['sep=;\nx;y;c\n0;1;b\n-2,5;0,03;a', "0|1|b\n−2.5|0.03|a", "x,y,c,\n0,1,b,\n-2.5,0.03,a,", '"x\ny",z,c\n0,1,"b ""B"""\n-2.5,0.03,a', "0  1  b\n-2.5 0.03   a"]) assert.deepEqual(parseTable(text, 10).rows, wanted, text);
  assert.match(parseTable("x,y,c\n0,0,a\n1,1,b\n", 10).notice, /class 1 “b”\. The first row is taken for names\.$/);
  assert.equal(parseTable("0,0,a\n1,1,b\n", 10).notice, "Class 0 is “a”, class 1 “b”.");
});

test("columns are chosen by name or number, and one class against the others", () => {
  const iris = '"","Sepal.Length","Petal.Length","Species"\n"1",5.1,1.4,"setosa"\n"2",7,4.7,"versicolor"\n"3",6.3,6,"virginica"\n';
  for (const columns of ["2, 3, 4=setosa", "Sepal.Length,Petal.Length,Species = setosa"]) {
    const { rows, notice } = parseTable(iris, 10, columns);
    assert.deepEqual(rows, [[5.1, 1.4, 1], [7, 4.7, 0], [6.3, 6, 0]], columns);
    assert.equal(notice, "Class 0 is “versicolor”, “virginica”, class 1 “setosa”. The first row is taken for names. The coordinates are “Sepal.Length”, “Petal.Length”.");
  }
  assert.deepEqual(parseTable("a;0,5;1\nb;1;2\n", 10, "2,3,1").rows, [[0.5, 1, 0], [1, 2, 1]]);
  const bad = {
    "": /4 columns, “”, “Sepal.Length”.* as 1, 2, 4/, "2,3,4": /it has 3: .*1, 2, 3=setosa/, "2,3,4=x": /no row has the class “x”; there are “setosa”/, "2,3": /: write under Columns/,
    "2,2,4": /: write under Columns/, "2,3,9": /no column “9”; there are “”, “Sepal/, "x,3,4": /no column “x”/, "1/2,3,4": /no column “1\/2”/, "2,4,3=1.4": /line 2: “setosa” is no number/,
  };
  for (const [columns, message] of Object.entries(bad)) assert.throws(() => parseTable(iris, 10, columns), message, columns);
});

test("rows in which a value is missing are left out, and that is said", () => {
  const penguins = "species,island,bill,depth\nAdelie,Dream,39.1,18.7\nAdelie,Dream,,\nGentoo,Biscoe,46.1,13.2\nGentoo,Biscoe,NA,13\n";
  const { rows, notice } = parseTable(penguins, 10, "3;4;1");
  assert.deepEqual(rows, [[39.1, 18.7, 0], [46.1, 13.2, 1]]);
  assert.match(notice, /2 rows are left out, as a value is missing: line 3, 5\.$/);
  assert.deepEqual(parseTable(penguins, 10, "bill depth species").rows, rows);
  for (const text of ["0,0,1\n1,NaN,0\n1,1,0", "?,2,0\n0,0,1\n1,1,0", "0,0,1\n1,1,0\n2,2,nan", "0,0,1\n1,1,0\n2,2,"]) {
    assert.deepEqual(parseTable(text, 10).rows, [[0, 0, 1], [1, 1, 0]], text);
    assert.match(parseTable(text, 10).notice, /1 row is left out, as a value is missing: line \d\./);
  }
});

test("of too many rows some are taken, evenly", () => {
  const text = Array.from({ length: 25 }, (_, i) => `${i},0,${i % 2}`).join("\n");
  const { rows, notice } = parseTable(text, 10);
  assert.deepEqual(rows.map(([x]) => x), [0, 3, 6, 9, 12, 15, 18, 21, 24]);
  assert.match(notice, /Of 25 rows one in 3 is used: 9 points/);
});

test("what is wrong is told with its line", () => {
  const bad = {
    "": /nothing in it/, "NA,0,1": /no row has two numbers and a class/, "0,0,1\n1,2": /line 2 has 2 columns/, "1\n2": /line 1 has 1 column;/,
    "PK\u0003\u0004xl/": /save the table as CSV/, '0,"0,1\n1,2,0': /line 1: “"0” is no number/, "10%,2,0\n1,2,1": /line 1: “10%” is no number; write a number, or nothing/,
    "c,x,y\na,2,0\nb,2,1": /line 2: “a” is no number; where the class is not the last column, write under Columns 2, 3, 1/, "0,0,1\n1,2,1": /two different ones; it has 1: “1”/,
    "1/2,2,0\n1,2,1": /line 1: “1\/2” is no number/, "0x10,2,0\n1,2,1": /line 1: “0x10” is no number/, '"1,4",0,1\n"1,5",0,1': /“1,4” is no number; write decimal points/,
    "5.1,3.5,1.4,0.2,setosa\n4.9,3,1.4,0.2,virginica": /it has 5 columns, “5.1”, .*: write under Columns which two are coordinates and which the class, by name or number, as 1, 2, 5$/,
    "0,0,a\n1,2,b\n1,1,c": /it has 3: “a”, “b”, “c”: write under Columns which one is class 1/, "0,0,1\n1e7,0,0": /line 2: 1e7 is larger than a million/, "0,0,1\nInfinity,0,0": /line 2: “Infinity” is no number/,
  };
  for (const [text, message] of Object.entries(bad)) assert.throws(() => parseTable(text, 10), message, text);
});
