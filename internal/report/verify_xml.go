package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// mainSpaces are the namespaces of a sheet's elements, as excelize and as a strict office writes them.
var mainSpaces = []string{
	"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
	"http://purl.oclc.org/ooxml/spreadsheetml/main",
}

// tokenBytes is more XML than a cell's text can take.
const tokenBytes = 1 << 20

// budget ends a reading when one token takes more bytes than it may, so that a part made for it cannot fill the memory.
type budget struct {
	in   io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("something in it is longer than %d bytes", tokenBytes)
	}
	n, err := b.in.Read(p)
	b.left -= n
	return n, err
}

// partXML reads a part of a workbook, strictly: what is not well-formed or out of place is an error, never an early end.
type partXML struct {
	in     io.ReadCloser
	dec    *xml.Decoder
	budget *budget
}

func newPartXML(in io.ReadCloser) *partXML {
	b := &budget{in: in}
	return &partXML{in: in, dec: xml.NewDecoder(b), budget: b}
}

func (x *partXML) token() (xml.Token, error) {
	x.budget.left = tokenBytes
	return x.dec.Token()
}

// skip leaves out the rest of an element, which holds no table of cells.
func (x *partXML) skip() error {
	for depth := 1; depth > 0; {
		t, err := x.token()
		if err != nil {
			return unexpectedEnd(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "sheetData" {
				return errors.New("rows stand where none belong")
			}
			depth++
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// rich reads the text of a string to the end of its element: plain, or in runs that look different.
func (x *partXML) rich() (string, error) {
	var text strings.Builder
	for depth, inText := 1, false; depth > 0; {
		t, err := x.token()
		if err != nil {
			return "", unexpectedEnd(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch name := t.Name.Local; {
			case name == "rPr" || name == "rPh" || name == "phoneticPr":
				if err := x.skip(); err != nil {
					return "", err
				}
				continue
			case name != "r" && name != "t" || inText || !isMain(t.Name):
				return "", unexpected(t.Name)
			default:
				inText = name == "t"
			}
			depth++
		case xml.EndElement:
			depth--
			inText = false
		case xml.CharData:
			if inText {
				text.Write(t)
			}
			if text.Len() > tokenBytes {
				return "", fmt.Errorf("a text is longer than %d bytes", tokenBytes)
			}
		}
	}
	return unescape(text.String()), nil
}

// plain reads the text of an element that holds nothing else.
func (x *partXML) plain() (string, error) {
	var text strings.Builder
	for {
		t, err := x.token()
		if err != nil {
			return "", unexpectedEnd(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			return "", unexpected(t.Name)
		case xml.EndElement:
			return text.String(), nil
		case xml.CharData:
			if text.Write(t); text.Len() > tokenBytes {
				return "", fmt.Errorf("a value is longer than %d bytes", tokenBytes)
			}
		}
	}
}

func isMain(n xml.Name) bool { return slices.Contains(mainSpaces, n.Space) }

func unexpected(n xml.Name) error { return fmt.Errorf("the element %q does not belong there", n.Local) }

func unexpectedEnd(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

var escapes = pattern(`_x[0-9A-Fa-f]{4}_`)

// unescape undoes the form in which a workbook holds characters that XML has no place for.
func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escapes().ReplaceAllStringFunc(text, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil {
			return e
		}
		return string(rune(n))
	})
}

// value is what a cell holds, apart from how it looks.
type value struct {
	row, column int
	kind        string // "n" a number, "t" text, "b" a logical value, "e" an error, "d" a date
	text        string
	formula     bool
	hidden      hiding
}

// blank reports whether a cell holds nothing.
func (v *value) blank() bool { return v.text == "" && !v.formula }

func (v *value) cell() string {
	name, err := excelize.CoordinatesToCellName(v.column, v.row)
	if err != nil {
		return fmt.Sprintf("row %d, column %d", v.row, v.column)
	}
	return name
}

// sheetValues reads the cells of a sheet that hold something, in their order.
type sheetValues struct {
	*partXML
	texts       *sharedTexts
	row, column int
	inside      bool // of the rows
	seen        bool // the rows
	sight       sight
	filtered    bool // somebody filters the rows
}

// next returns io.EOF once the part was read to its end.
func (s *sheetValues) next() (value, error) {
	for {
		t, err := s.token()
		if err == io.EOF && !s.seen {
			return value{}, errors.New("it holds no table of cells")
		}
		if err != nil {
			return value{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			v, err := s.element(t)
			if err != nil || !v.blank() {
				return v, err
			}
		case xml.EndElement:
			s.inside = s.inside && t.Name.Local != "sheetData"
		}
	}
}

// element takes in an element and returns the cell, if it is one.
func (s *sheetValues) element(e xml.StartElement) (value, error) {
	switch name := e.Name.Local; {
	case !s.inside && name == "worksheet" && isMain(e.Name) && !s.seen:
		return value{}, nil
	case !s.inside && name == "sheetData":
		if s.seen || !isMain(e.Name) {
			return value{}, errors.New("rows stand where none belong")
		}
		s.inside, s.seen = true, true
		return value{}, nil
	case !s.inside && name == "cols" && isMain(e.Name):
		return value{}, s.readColumns()
	case !s.inside && name == "autoFilter" && isMain(e.Name):
		return value{}, s.readFilter()
	case !s.inside:
		if name == "sheetFormatPr" && isMain(e.Name) {
			s.sight.sizes(e)
		}
		return value{}, s.skip()
	case name == "row" && isMain(e.Name):
		return value{}, s.startRow(e)
	case name == "c" && isMain(e.Name) && s.row > 0:
		return s.cell(e)
	}
	return value{}, unexpected(e.Name)
}

func (s *sheetValues) startRow(e xml.StartElement) error {
	row := s.row + 1
	if text := attribute(e, "r"); text != "" {
		var err error
		if row, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("a row has the number %q", text)
		}
	}
	if row <= s.row || row > excelize.TotalRows {
		return fmt.Errorf("row %d stands behind row %d", row, s.row)
	}
	s.row, s.column = row, 0
	s.sight.startRow(e)
	return nil
}

func (s *sheetValues) cell(e xml.StartElement) (value, error) {
	v := value{row: s.row, column: s.column + 1}
	if name := attribute(e, "r"); name != "" {
		column, row, err := excelize.CellNameToCoordinates(name)
		if err != nil || row != s.row || column <= s.column {
			return v, fmt.Errorf("the cell %q does not belong where it stands, in row %d", name, s.row)
		}
		v.column = column
	}
	s.column = v.column
	v.hidden = s.sight.of(v.column)
	kind := attribute(e, "t")
	err := s.contents(&v, kind)
	if err == nil {
		err = s.settle(&v, kind)
	}
	if err != nil {
		return v, fmt.Errorf("cell %s: %w", v.cell(), err)
	}
	return v, nil
}

// contents reads what stands inside a cell.
func (s *sheetValues) contents(v *value, kind string) error {
	for seen := ""; ; {
		t, err := s.token()
		if err != nil {
			return unexpectedEnd(err)
		}
		e, isStart := t.(xml.StartElement)
		if _, isEnd := t.(xml.EndElement); isEnd {
			return nil
		} else if !isStart {
			continue
		}
		name := e.Name.Local
		inline := kind == "inlineStr"
		if !isMain(e.Name) || strings.Contains(seen, name+" ") || inline && name == "v" || !inline && name == "is" {
			return unexpected(e.Name)
		}
		seen += name + " "
		switch name {
		case "v":
			v.text, err = s.plain()
		case "is":
			v.text, err = s.rich()
		case "f":
			v.formula = true
			err = s.skip()
		default:
			err = unexpected(e.Name)
		}
		if err != nil {
			return err
		}
	}
}

// settle brings the forms in which the same may be written to one.
func (s *sheetValues) settle(v *value, kind string) (err error) {
	switch kind {
	case "inlineStr":
		v.kind = "t"
	case "str":
		v.kind, v.text = "t", unescape(v.text)
	case "s":
		v.kind = "t"
		v.text, err = s.texts.at(v.text)
	case "", "n":
		v.kind, v.text = "n", strings.TrimSpace(v.text)
		// A spreadsheet keeps 15 digits when it saves a workbook again.
		if n, numErr := strconv.ParseFloat(v.text, 64); numErr == nil {
			v.text = strconv.FormatFloat(n, 'g', 15, 64)
		}
	default:
		v.kind = kind
	}
	return err
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
