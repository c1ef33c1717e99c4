package xlsx

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// maxIndex is the most bytes of the workbook part, its styles, and its relationships.
const maxIndex = 16 << 20

// Book is an open workbook.
type Book struct {
	Date1904 bool    // its days are counted from 1904
	Sheets   []Sheet // in their order, of all kinds

	limits  Limits
	parts   parts
	styles  []style
	strings []string // the shared ones
}

// Sheet is one sheet of a workbook.
type Sheet struct {
	Name      string
	Hidden    bool
	Worksheet bool // and not a chart or dialog

	part *zip.File // nil if it is missing
}

// Limits are what a workbook may hold.
type Limits struct {
	Unpacked uint64 // bytes of all parts
	Columns  int    // the last that may hold data
}

// Open checks a workbook as a whole and reads all but its sheets. It keeps data. The error says what the file is and what to do
// about it; it reads on from the file's name.
func Open(data []byte) (*Book, error) { return OpenUpTo(data, Limits{maxUnpacked, MaxColumns}) }

// OpenUpTo is Open with other limits.
func OpenUpTo(data []byte, l Limits) (*Book, error) {
	parts, err := openZip(data, l.Unpacked)
	if err != nil {
		return nil, err
	}
	b := &Book{parts: parts, limits: l}
	main, err := b.mainPart()
	if err != nil {
		return nil, err
	}
	rels, err := b.relationships(main.Name)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]relationship, len(rels))
	var styles, strings *zip.File
	for _, r := range rels {
		if _, twice := byID[r.id]; twice {
			return nil, damaged("relationship %q is there twice", clip(r.id))
		}
		byID[r.id] = r
		switch r.kind {
		case "styles":
			styles = r.part
		case "sharedStrings":
			strings = r.part
		}
	}
	if err := b.readWorkbook(main, byID); err != nil {
		return nil, err
	}
	if b.styles, err = readStyles(styles); err != nil {
		return nil, err
	}
	b.strings, err = readStrings(strings)
	return b, err
}

// readPart reads a part from its root element, of which visit gets the elements at the start tag, to its end.
func readPart(f *zip.File, root string, visit func(x *elements) error) error {
	in, err := f.Open()
	if err != nil {
		return damaged("part %q: %w", clip(f.Name), err)
	}
	defer in.Close()
	x := newElements(in)
	if _, err = x.child(0); err == nil && string(x.name) != root {
		err = fmt.Errorf("it is a %q, not a %q", clip(string(x.name)), root)
	}
	if err == nil {
		err = visit(x)
	}
	if err == nil {
		_, err = x.child(0) // to the end
	}
	if err != nil {
		return broken(fmt.Sprintf("part %q", clip(f.Name)), err)
	}
	return nil
}

// readIndex is readPart for a part that is small.
func readIndex(f *zip.File, root string, visit func(x *elements) error) error {
	if f.UncompressedSize64 > maxIndex {
		return fmt.Errorf("is too big: part %q would unpack to %d MiB", clip(f.Name), f.UncompressedSize64>>20)
	}
	return readPart(f, root, visit)
}

// relationship is what a part says of another.
type relationship struct {
	id, kind string
	part     *zip.File // nil if it is missing, or outside of the workbook
}

// relationships reads those of the part of this name; "" is the package itself.
func (b *Book) relationships(name string) ([]relationship, error) {
	name = strings.ReplaceAll(name, `\`, "/")
	f := b.parts[fold(path.Join(path.Dir(name), "_rels", path.Base("/"+name)+".rels"))]
	if name == "" {
		f = b.parts["_rels/.rels"]
	}
	if f == nil {
		return nil, nil
	}
	var rels []relationship
	err := readIndex(f, "Relationships", func(x *elements) error {
		return x.each(1, func(element string) error {
			var r relationship
			r.id, _ = x.attr("Id")
			kind, _ := x.attr("Type")
			target, _ := x.attr("Target")
			if mode, _ := x.attr("TargetMode"); mode != "External" {
				r.part = b.target(name, target)
			}
			if at := strings.LastIndex(kind, "/relationships/"); element == "Relationship" {
				r.kind = kind[max(at, 0):]
				r.kind = strings.TrimPrefix(r.kind, "/relationships/")
				rels = append(rels, r)
			}
			return nil
		})
	})
	return rels, err
}

// target finds the part that a target leads to from the part at a name, or nil.
func (b *Book) target(from, to string) *zip.File {
	to = strings.ReplaceAll(to, `\`, "/")
	if !strings.HasPrefix(to, "/") {
		to = path.Join("/", path.Dir(from), to)
	}
	return b.parts[fold(path.Clean(to))]
}

// mainPart finds the part of the workbook, or says what the zip is that holds none.
func (b *Book) mainPart() (*zip.File, error) {
	for _, other := range []struct{ part, what string }{
		{"xl/workbook.bin", "a binary workbook (.xlsb); save it as .xlsx"},
		{"word/document.xml", "a Word document (.docx), not a workbook; save the table as .xlsx"},
		{"ppt/presentation.xml", "a PowerPoint presentation (.pptx), not a workbook"},
		{"index/document.iwa", "a document of Apple Numbers or its kin; export it as Excel"},
	} {
		if b.parts[other.part] != nil {
			return nil, errors.New("is " + other.what)
		}
	}
	root, err := b.relationships("")
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(root, func(r relationship) bool { return r.kind == "officeDocument" })
	if at >= 0 && root[at].part != nil {
		return root[at].part, nil
	}
	if f := b.parts["mimetype"]; f != nil {
		if in, err := f.Open(); err == nil {
			defer in.Close()
			kind, _ := io.ReadAll(io.LimitReader(in, 100))
			if strings.Contains(string(kind), "opendocument") {
				return nil, errors.New("is an OpenDocument file (.ods); save it as .xlsx")
			}
		}
	}
	return nil, errors.New("is a zip file without a workbook, not an .xlsx")
}

func (b *Book) readWorkbook(main *zip.File, rels map[string]relationship) error {
	return readIndex(main, "workbook", func(x *elements) error {
		return x.each(1, func(name string) error {
			switch name {
			case "workbookPr":
				return b.readDates(x)
			case "sheets":
				return x.each(2, func(name string) error {
					if name == "sheet" {
						return b.readSheet(x, rels)
					}
					return nil
				})
			}
			return nil
		})
	})
}

func (b *Book) readDates(x *elements) error {
	switch system, _ := x.attr("date1904"); system {
	case "1", "true", "on":
		b.Date1904 = true
	case "", "0", "false", "off":
	default:
		return fmt.Errorf("its date system is %q", clip(system))
	}
	return nil
}

func (b *Book) readSheet(x *elements, rels map[string]relationship) error {
	var s Sheet
	s.Name, _ = x.attr("name")
	state, _ := x.attr("state")
	s.Hidden = cmp.Or(state, "visible") != "visible"
	id := ""
	for _, a := range x.attrs {
		if prefix, local, _ := strings.Cut(string(a.name), ":"); local == "id" && prefix != "" {
			if id != "" {
				return fmt.Errorf("sheet %q has two parts", clip(s.Name))
			}
			id = string(a.value)
		}
	}
	s.part, s.Worksheet = rels[id].part, rels[id].kind == "worksheet"
	for _, other := range b.Sheets {
		if strings.EqualFold(other.Name, s.Name) {
			return fmt.Errorf("two sheets are named %q", clip(s.Name))
		}
	}
	b.Sheets = append(b.Sheets, s)
	return nil
}
