package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// quickSheet reads the rows of a worksheet part in one pass, and knows only what is plain: it fails with
// errUnknown on everything that the careful reading refuses, and on much that it accepts. What stands
// before and behind the rows it leaves to sheetScan.
type quickSheet struct {
	win    *window
	head   []byte
	layout layout // of what stands before the rows
	rd     *xlsxReader
	last   int // number of the last row
	row    sheetRow
	spans  []span // of the texts in text, by cell
	text   []byte
	cells  []cell
}

type span struct{ from, to int }

const rowsBegin, rowsEnd = "<sheetData>", "</sheetData>"

func newQuickSheet(rd *xlsxReader, p *part) (*quickSheet, error) {
	q := &quickSheet{rd: rd, win: newWindow(p)}
	head, err := q.win.upTo(rowsBegin)
	if err != nil {
		return nil, err
	}
	q.head = bytes.Clone(head)
	if bytes.Contains(head, []byte("<!")) || bytes.LastIndex(head, []byte("<?")) > len(bomUTF8) {
		return nil, errUnknown // the rows might begin in a comment
	}
	// With the rows left out and everything closed that has to be open here, the part must be whole.
	before, err := scanAround(q.head, []byte(rowsEnd+"</worksheet>"))
	if err != nil {
		return nil, err
	}
	q.layout = before
	return q, nil
}

// scanAround scans a part without its rows.
func scanAround(before, behind []byte) (layout, error) {
	s := sheetScan{xml: newXMLScan(io.MultiReader(bytes.NewReader(before), bytes.NewReader(behind)))}
	var row sheetRow
	if err := s.next(&row); err != io.EOF {
		return layout{}, errUnknown
	}
	return s.layout, nil
}

// finish checks what stands behind the rows, and returns what the whole sheet shows otherwise than it holds.
func (q *quickSheet) finish() (layout, error) {
	behind, err := q.win.rest()
	if err != nil {
		return layout{}, err
	}
	return scanAround(q.head, append([]byte(rowsEnd), behind...))
}

// next reads the next row, whose memory is good until the following call. It returns io.EOF behind the last.
func (q *quickSheet) next() (record, error) {
	seen, err := q.win.skipSpace(len(rowsEnd))
	if err != nil {
		return record{}, err
	}
	if bytes.HasPrefix(seen, []byte(rowsEnd)) {
		q.win.at += len(rowsEnd)
		return record{}, io.EOF
	}
	tag, err := q.win.upTo(">")
	if err != nil {
		return record{}, err
	}
	if !bytes.HasSuffix(tag, []byte("/>")) {
		start := len(tag)
		q.win.at -= start // what upTo returns moves when the window does
		if tag, err = q.win.upTo("</row>"); err != nil {
			return record{}, err
		}
	}
	m := markup{b: tag}
	if err := q.readRow(&m); err != nil {
		return record{}, err
	}
	if m.at != len(tag) {
		return record{}, errUnknown
	}
	return q.record()
}

// readRow reads a row element from its start to its end.
func (q *quickSheet) readRow(m *markup) error {
	q.row = sheetRow{number: q.last + 1, cells: q.row.cells[:0]}
	q.spans, q.text = q.spans[:0], q.text[:0]
	if !m.open("row") {
		return errUnknown
	}
	empty, err := q.rowTag(m)
	if err != nil || empty {
		return err
	}
	for column := 0; ; {
		m.space()
		if m.take("</row>") {
			return nil
		}
		if !m.open("c") {
			return errUnknown
		}
		sc := sheetCell{column: column + 1}
		s, err := q.readCell(m, &sc)
		if err != nil {
			return err
		}
		if sc.column <= column || sc.column > lastColumn {
			return errUnknown
		}
		if column = sc.column; s.from == s.to && !sc.formula && !sc.value {
			continue
		}
		if column > maxColumns {
			return errUnknown
		}
		q.row.cells, q.spans = append(q.row.cells, sc), append(q.spans, s)
	}
}

func (q *quickSheet) rowTag(m *markup) (empty bool, err error) {
	var height, hidden []byte
	numbered := false
	for {
		name, value, err := m.attribute()
		if err != nil {
			return false, err
		}
		switch string(name) {
		case "":
			if q.row.number > maxRow {
				return false, errUnknown
			}
			q.last, q.row.hidden = q.row.number, q.layout.hidesRow(string(height), height != nil, string(hidden), hidden != nil)
			return m.tagEnd()
		case "r":
			n, ok := number(value)
			if !ok || numbered || n <= q.last {
				return false, errUnknown
			}
			q.row.number, numbered = n, true
		case "ht":
			if height != nil {
				return false, errUnknown
			}
			height = value
		case "hidden":
			if hidden != nil {
				return false, errUnknown
			}
			hidden = value
		default:
			if bytes.HasSuffix(name, []byte(":r")) {
				return false, errUnknown // readers differ in what a prefix means
			}
		}
	}
}

// number reads plain digits.
func number(text []byte) (n int, ok bool) {
	if len(text) == 0 || len(text) > 9 || text[0] == '0' && len(text) > 1 {
		return 0, false
	}
	for _, c := range text {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// readCell reads a cell behind "<c" to its end; the span is that of its text in q.text.
func (q *quickSheet) readCell(m *markup, c *sheetCell) (span, error) {
	s := span{len(q.text), len(q.text)}
	if err := q.cellTag(m, c); err != nil {
		return s, err
	}
	empty, err := m.tagEnd()
	if err != nil || empty {
		return s, err
	}
	inline := false
	for {
		switch {
		case m.take("</c>"):
			s.to = len(q.text)
			if inline && !agreed(q.text[s.from:]) {
				return s, errUnknown
			}
			return s, nil
		case m.open("v"):
			if c.value || c.kind == "inlineStr" {
				return s, errUnknown
			}
			c.value = true
			q.text, err = m.element(q.text, "</v>")
		case m.open("is"):
			if inline || c.kind != "inlineStr" {
				return s, errUnknown
			}
			inline = true
			if empty, err = m.bare(); err == nil && !empty {
				q.text, err = m.stringItem(q.text, "</is>")
			}
		case m.open("f"):
			if c.formula {
				return s, errUnknown
			}
			c.formula = true
			err = m.formula()
		case isSpace(m.peek()):
			m.space()
		default:
			return s, errUnknown
		}
		if err != nil {
			return s, err
		}
	}
}

// cellTag reads the attributes of a cell.
func (q *quickSheet) cellTag(m *markup, c *sheetCell) error {
	var placed, styled, typed bool
	for {
		name, value, err := m.attribute()
		if err != nil {
			return err
		}
		switch string(name) {
		case "":
			return nil
		case "r":
			column, row, ok := quickRef(value)
			if !ok || placed || row != q.row.number {
				return errUnknown
			}
			c.column, placed = column, true
		case "s":
			n, ok := number(value)
			if !ok || styled {
				return errUnknown
			}
			c.style, styled = n, true
		case "t":
			kind, ok := cellTypes[string(value)]
			if !ok || typed {
				return errUnknown
			}
			c.kind, typed = kind, true
		case "cm", "vm", "ph", "xml:space":
		default:
			return errUnknown
		}
	}
}

var cellTypes = map[string]string{"s": "s", "inlineStr": "inlineStr", "str": "str", "n": "n", "b": "b", "e": "e", "d": "d"}

// quickRef reads a cell reference such as F14.
func quickRef(ref []byte) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && i < 4 && ref[i]-'A' <= 'Z'-'A'; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	row, ok = number(ref[i:])
	return column, row, ok && i > 0 && row > 0 && column <= lastColumn
}

// formula reads a formula behind "<f"; only that there is one counts.
func (m *markup) formula() error {
	err := m.attributes(func(name string, value []byte) bool {
		switch name {
		case "t", "ref":
			return true
		case "si":
			_, ok := number(value)
			return ok
		case "ca", "aca":
			return logicalValue(string(value))
		}
		return false
	})
	if err != nil {
		return err
	}
	empty, err := m.tagEnd()
	if err != nil || empty {
		return err
	}
	if _, err := m.text(nil); err != nil {
		return err
	}
	if !m.take("</f>") {
		return errUnknown
	}
	return nil
}

// record makes a record of the row that was read.
func (q *quickSheet) record() (record, error) {
	rec := record{row: q.row.number, hidden: q.row.hidden, share: q.win.share()}
	q.cells = q.cells[:0]
	all := string(q.text)
	for i, sc := range q.row.cells {
		sc.text = all[q.spans[i].from:q.spans[i].to]
		c, err := q.cell(sc)
		if err != nil {
			return rec, errUnknown
		}
		for len(q.cells) < sc.column-1 {
			q.cells = append(q.cells, cell{})
		}
		q.cells = append(q.cells, c)
	}
	rec.cells = q.cells
	return rec, nil
}

var errNotShared = errors.New("no such shared string")

func (q *quickSheet) cell(sc sheetCell) (cell, error) {
	if c, done, err := q.rd.special(sc); done {
		return c, err
	}
	switch sc.kind {
	case "s":
		n, ok := number([]byte(strings.TrimSpace(sc.text)))
		if !ok || n >= len(q.rd.shared) {
			return cell{}, errNotShared
		}
		return cell{text: q.rd.shared[n], kept: true}, nil
	case "inlineStr":
		sc.text = unescape(sc.text)
	}
	return q.rd.typed(sc)
}
