package xlsx_test

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A flipped bit is noticed, or changes nothing of what is read.
func TestFlippedAnywhere(t *testing.T) {
	data := sample(t)
	whole, err := read(data)
	must(t, err)
	same := 0
	for i := 0; i < len(data); i += 5 {
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i / 5 % 8)
		got, err := read(bad)
		if err != nil {
			continue
		}
		if same++; got.String() != whole.String() {
			t.Errorf("a flip at byte %d of %d changed what was read", i, len(data))
		}
	}
	if same > len(data)/5/20 {
		t.Errorf("%d of %d flips were not noticed", same, len(data)/5)
	}
}

func TestCutOrDoubledAnywhere(t *testing.T) {
	data := sample(t)
	for i := 2; i < len(data); i += 97 {
		for j := i + 1; j < len(data); j += len(data) / 5 {
			for name, bad := range map[string][]byte{
				"cut at":     data[:i],
				"cut before": data[i:],
				"cut out":    append(bytes.Clone(data[:i]), data[j:]...),
				"doubled":    append(bytes.Clone(data[:j]), data[i:]...),
			} {
				if _, err := read(bad); err == nil {
					t.Fatalf("%s %d to %d of %d was not noticed", name, i, j, len(data))
				}
			}
		}
	}
	for _, bad := range [][]byte{append(bytes.Clone(data), 0), append([]byte("PK\x03\x04"), data...), append(bytes.Clone(data), data...)} {
		if _, err := read(bad); err == nil {
			t.Error("something added was not noticed")
		}
	}
}

func TestDamagedPartInAWholeZip(t *testing.T) {
	data := sample(t)
	replace := func(old, new string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, new, 1) }
	}
	half := func(s string) string { return s[:len(s)/2] }
	merge := `<mergeCell ref="A2:D81"/>`
	for _, tt := range []struct {
		name, part string
		change     func(string) string
		want       string
	}{
		{"half the sheet", sheetPart, half, "the XML ends too early"},
		{"half the rows", sheetPart, func(s string) string { return s[:strings.Index(s, `<row r="40"`)] }, "the XML ends too early"},
		{"no end tag of the root", sheetPart, replace("</worksheet>", ""), "the XML ends too early"},
		{"an invalid byte", sheetPart, replace(`<row r="50"`, "\xff<row r=\"50\""), "invalid UTF-8"},
		{"a control character", sheetPart, replace(`<row r="50"`, "\x01<row r=\"50\""), "illegal character"},
		{"a shared string too far", sheetPart, replace(`t="s"><v>9<`, `t="s"><v>9999<`), `sheet "Tasks": cell D4: it means shared string "9999" of`},
		{"a shared string of no number", sheetPart, replace(`t="s"><v>9<`, `t="s"><v>x<`), "shared string"},
		{"rows out of order", sheetPart, replace(`<row r="40"`, `<row r="4"`), `row "4" follows row 39`},
		{"a row twice", sheetPart, replace(`<row r="41"`, `<row r="40"`), `row "40" follows row 40`},
		{"a cell of another row", sheetPart, replace(`r="B40"`, `r="B41"`), `cell "B41" is in row 40`},
		{"a cell without a row", sheetPart, replace(`r="B40"`, `r="B"`), `cell "B" is in row 40`},
		{"cells out of order", sheetPart, replace(`r="B40"`, `r="A40"`), `cell "A40" is in row 40`},
		{"a cell far out", sheetPart, replace(`r="D40"`, `r="XFD40"`), `is too big: sheet "Tasks": cell XFD40: it lies beyond column BXX`},
		{"a cell outside", sheetPart, replace(`r="D40"`, `r="XFE40"`), `cell "XFE40" is in row 40`},
		{"too many cells", sheetPart, replace(`<row r="41"`, "<row>"+strings.Repeat("<c/>", 1<<14+1)+`</row><row r="41"`), "more cells than"},
		{"a cell of another vocabulary", sheetPart, replace(`<c r="B40"`, `<x:c xmlns:x="urn:x"/><c r="B40"`), `an element "c" of another vocabulary`},
		{"a row of another vocabulary", sheetPart, replace(`<row r="40"`, `<row xmlns="urn:x" r="40"`), `an element "row" of another vocabulary`},
		{"rows of another vocabulary", sheetPart, replace(`<sheetData`, `<sheetData xmlns="urn:x"`), `an element "sheetData" of another vocabulary`},
		{"a value in place of an inline text", sheetPart, replace(`<row r="41"`, `<row><c t="inlineStr"><v>b</v></c></row><row r="42"`), `a value where its text belongs`},
		{"a row far down", sheetPart, replace(`<row r="81"`, `<row r="1048577"`), `beyond the last row`},
		{"no number", sheetPart, replace(`<v>74<`, `<v>7f4<`), `it is the number "7f4"`},
		{"a number of Go's", sheetPart, replace(`<v>74<`, `<v>0x74<`), `it is the number "0x74"`},
		{"no logical value", sheetPart, replace(`<v>74<`, `<v>74</v></c><c t="b"><v>yes<`), `cell D2: it is the logical value "yes"`},
		{"an unknown type", sheetPart, replace(`t="s"`, `t="q"`), "unknown type"},
		{"an unknown style", sheetPart, replace(`<c r="C40"`, `<c s="99" r="C40"`), "cell C40: it has style 99"},
		{"no style", sheetPart, replace(`<c r="C40"`, `<c s="-1" r="C40"`), `has the style "-1"`},
		{"two values", sheetPart, replace(`<v>74<`, `<v>7</v><v>4<`), `two elements "v"`},
		{"two inline texts", sheetPart, replace(`t="s"><v>9</v>`, `t="inlineStr"><is><t>a</t></is><is><t>b</t></is>`), `two elements "is"`},
		{"two texts", sheetPart, replace(`t="s"><v>9</v>`, `t="inlineStr"><is><t>a</t><t>b</t></is>`), `two texts`},
		{"a text in a text", sheetPart, replace(`<v>74<`, `<v>7<x>4</x><`), `an element inside a text`},
		{"half a character", sheetPart, replace(`t="s"><v>9</v>`, `t="str"><v>a_xD800_b</v>`), `half a character: "_xD800_b"`},
		{"a style twice", sheetPart, replace(`<c r="C40"`, `<c s="0" s="1" r="C40"`), `attribute "s" twice`},
		{"a document type", sheetPart, replace("<worksheet", "<!DOCTYPE x><worksheet"), "document type"},
		{"an external entity", sheetPart, replace("<worksheet", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet`), "document type"},
		{"an entity", sheetPart, replace(`<v>74<`, `<v>&x;74<`), "entity"},
		{"rows behind the rows", sheetPart, replace("</worksheet>", "<sheetData/></worksheet>"), "two rows elements"},
		{"no row among the rows", sheetPart, replace(`<row r="41"`, `<col/><row r="41"`), `"col" among its rows`},
		{"a second root", sheetPart, func(s string) string { return s + "<worksheet/>" }, "second root"},
		{"another root", sheetPart, func(s string) string { return "<chartsheet/>" }, "not a worksheet"},
		{"no rows element", sheetPart, func(s string) string { return "<worksheet/>" }, "no rows element"},
		{"an empty part", sheetPart, func(s string) string { return "" }, "the XML ends too early"},
		{"another encoding", sheetPart, replace(`encoding="UTF-8"`, `encoding="UTF-16"`), `in the encoding "UTF-16"`},
		{"no range", sheetPart, replace("</sheetData>", `</sheetData><mergeCells><mergeCell ref="A1:"/></mergeCells>`), `it merges the cells "A1:"`},
		{"a range beyond the sheet", sheetPart, replace("</sheetData>", `</sheetData><mergeCells><mergeCell ref="A1:B9999999"/></mergeCells>`), "it merges the cells"},
		{"a huge column", sheetPart, replace("</sheetData>", `</sheetData><mergeCells><mergeCell ref="A1:ZZZZZZZZZZ1"/></mergeCells>`), "it merges the cells"},
		{"too many merges", sheetPart, replace("</sheetData>", "</sheetData><mergeCells>"+strings.Repeat(merge, 1<<17+1)+"</mergeCells>"), "more than 131072 merged cells"},
		{"no columns", sheetPart, replace("<sheetData>", `<cols><col min="x" max="2" hidden="1"/></cols><sheetData>`), "it hides the columns"},
		{"a huge text", sheetPart, replace("<sheetData>", "<sheetData>"+strings.Repeat(" ", 4<<20+1)), `is too big: sheet "Tasks": the XML has a text of more than 4 MiB`},
		{"a huge row", sheetPart, replace(`<row r="41"`, "<row>"+strings.Repeat(`<c t="str"><v>`+strings.Repeat("x", 3<<20)+"</v></c>", 11)+`</row><row r="41"`), "holds more than 32 MiB"},
		{"half the shared strings", stringsPart, half, "sharedStrings"},
		{"fewer shared strings", stringsPart, func(s string) string { return s[:strings.LastIndex(s, "<si>")] + "</sst>" }, "shared string"},
		{"a second date system", "xl/workbook.xml", replace("<workbookPr", `<workbookPr date1904="maybe"`), "date system"},
		{"two sheets of a name", "xl/workbook.xml", replace("</sheets>", `<sheet name="TASKS" sheetId="7" r:id="rId1"/></sheets>`), `two sheets are named "TASKS"`},
		{"a sheet of two parts", "xl/workbook.xml", replace(" r:id=", ` x:id="rId2" r:id=`), `sheet "Tasks" has two parts`},
		{"half a workbook", "xl/workbook.xml", half, "workbook.xml"},
		{"half the styles", stylesPart, half, "styles.xml"},
		{"a format of no number", stylesPart, replace("</cellXfs>", `<xf numFmtId="x"/></cellXfs>`), `numFmtId is "x"`},
		{"another sheet part", "xl/_rels/workbook.xml.rels", replace("sheet1.xml", "sheet7.xml"), "is missing"},
		{"a relationship twice", "xl/_rels/workbook.xml.rels", replace("</Relationships>", `<Relationship Id="rId1"/></Relationships>`), `relationship "rId1" is there twice`},
	} {
		start := time.Now()
		got, err := read(patch(t, data, tt.part, tt.change))
		switch {
		case err == nil:
			t.Errorf("%s was not noticed: %d rows", tt.name, len(got.rows))
		case !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "is damaged: ") && !strings.HasPrefix(err.Error(), "is too big: "):
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
		if d := time.Since(start); d > 30*time.Second { // a second, but for the race detector on a busy machine
			t.Errorf("%s took %s", tt.name, d)
		}
	}
}

// stored packs parts without compressing them, so that a test can change bytes by their place.
func stored(t *testing.T, parts ...string) []byte {
	var buf bytes.Buffer
	zw := zip.NewWriter(&buf)
	for i := 0; i < len(parts); i += 2 {
		w, err := zw.CreateRaw(&zip.FileHeader{Name: parts[i], CRC32: crc32.ChecksumIEEE([]byte(parts[i+1])), CompressedSize64: uint64(len(parts[i+1])), UncompressedSize64: uint64(len(parts[i+1]))})
		must(t, err)
		_, err = w.Write([]byte(parts[i+1]))
		must(t, err)
	}
	must(t, zw.Close())
	return buf.Bytes()
}

func TestHostileZips(t *testing.T) {
	zeros := strings.Repeat("0", 5<<20)
	pack := func(names ...string) []byte {
		var buf bytes.Buffer
		zw := zip.NewWriter(&buf)
		for _, name := range names {
			w, err := zw.Create(name)
			must(t, err)
			_, err = w.Write([]byte(zeros))
			must(t, err)
		}
		must(t, zw.Close())
		return buf.Bytes()
	}
	first := func(old, new string) []byte {
		return bytes.Replace(stored(t, "a.xml", "<a/>", "b.xml", "<b/>"), []byte(old), []byte(new), 1)
	}
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"a bomb", pack("xl/media/image1.png"), "zip bomb"},
		{"a name twice", pack("xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.xml"), "is there twice"},
		{"a name twice with a backslash", pack("xl/worksheets/sheet1.xml", `xl\worksheets\sheet1.xml`), "is there twice"},
		{"a name twice with a slash before it", pack("xl/worksheets/sheet1.xml", `/xl/worksheets/sheet1.xml`), "is there twice"},
		{"a name that climbs", pack("xl/worksheets/sheet/../../x"), "has the name"},
		{"no workbook", pack("xl/worksheets/sheet1.xml"), "without a workbook"},
		{"a whole zip", stored(t, "a.xml", "<a/>", "b.xml", "<b/>"), "without a workbook"},
		{"another name in the header", first("a.xml<a/>", "c.xml<a/>"), `part "a.xml": its header and the directory differ`},
		{"another text", first("<a/>", "<c/>"), `part "a.xml": its length or its checksum`},
		{"a gap", first("PK\x03\x04", "PK\x03\x04\x00"), "is damaged"},
		{"a part that the directory does not name", first("PK\x01\x02", string(stored(t, "c.xml", "<c/>")[:30+9])+"PK\x01\x02"), "is damaged"},
		{"too many parts", bytes.Repeat([]byte("PK\x01\x02"), 10_001), "has 10001 parts; at most 10000 are read"},
	} {
		if _, err := read(tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

// A time stamp, a comment of the zip, and end records of zip64 say nothing about what a workbook holds.
func TestHarmlessZips(t *testing.T) {
	data := sample(t)
	want, err := read(data)
	must(t, err)
	stamped := bytes.Clone(data)
	for at := 0; ; {
		i := bytes.Index(stamped[at:], []byte("PK\x03\x04"))
		if i < 0 {
			break
		}
		at += i + 4
		stamped[at+6] ^= 1
	}
	commented := append(bytes.Clone(data), "hi"...)
	commented[len(data)-2] = 2
	for name, data := range map[string][]byte{"another time stamp": stamped, "a comment": commented} {
		if got, err := read(data); err != nil || got.String() != want.String() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A bomb costs neither memory nor time, whichever part it sits in.
func TestBombsAreCheap(t *testing.T) {
	zeros := strings.Repeat(" ", 48<<20)
	for _, part := range []string{sheetPart, stringsPart, stylesPart, "xl/workbook.xml", "xl/theme/theme1.xml"} {
		data := patch(t, sample(t), part, func(s string) string { return s[:strings.LastIndex(s, "<")] + zeros + s[strings.LastIndex(s, "<"):] })
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		_, err := read(bytes.Clone(data))
		runtime.ReadMemStats(&after)
		if d := time.Since(start); err == nil || d > 30*time.Second {
			t.Errorf("%s: %v in %s", part, err, d)
		}
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
			t.Errorf("%s: the heap grew by %d MiB", part, grown>>20)
		}
	}
}

// What is no workbook is named.
func TestOtherZips(t *testing.T) {
	for want, parts := range map[string][]string{
		"OpenDocument":   {"mimetype", "application/vnd.oasis.opendocument.spreadsheet"},
		"binary":         {"xl/workbook.bin", "x"},
		"Word":           {"word/document.xml", "<document/>", "_rels/.rels", `<Relationships><Relationship Id="1" Type="x/relationships/officeDocument" Target="word/document.xml"/></Relationships>`},
		"PowerPoint":     {"ppt/presentation.xml", "<x/>"},
		"Apple":          {"Index/Document.iwa", "x"},
		"without a work": {"x", "y"},
	} {
		if _, err := read(stored(t, parts...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", parts, err)
		}
	}
}
