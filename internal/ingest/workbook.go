package ingest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// workbook is what the workbook part and its relationships say.
type workbook struct {
	date1904 bool
	sheets   []sheet
	styles   *part // nil if there is none
	strings  *part // nil if there is none
}

type sheet struct {
	name      string
	hidden    bool
	worksheet bool // and not a chart or dialog sheet
	part      *part
}

type relationship struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
	Mode   string `xml:"TargetMode,attr"`
}

func (r relationship) is(kind string) bool { return strings.HasSuffix(r.Type, "/relationships/"+kind) }

// decodePart reads a small part whole, after a look at whether it is one whole element.
func decodePart(p *part, root string, into any) error {
	if p.size > maxIndex {
		return fmt.Errorf("is too big: part %q would unpack to %d MiB", clip(p.name), p.size>>20)
	}
	scan := newXMLScan(p.open())
	for {
		tok, err := scan.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return damaged("part %q: %w", p.name, err)
		}
		if start, ok := tok.(xml.StartElement); ok && scan.depth() == 1 && start.Name.Local != root {
			return damaged("part %q is a %q, not a %q", p.name, clip(start.Name.Local), root)
		}
	}
	if err := xml.NewDecoder(p.open()).Decode(into); err != nil {
		return damaged("part %q: %w", p.name, err)
	}
	return nil
}

// relationships reads the relationships of the part at name; "" is the package itself.
func (a *archive) relationships(name string) ([]relationship, error) {
	rels := a.get(path.Join(path.Dir(name), "_rels", path.Base("/"+name)+".rels"))
	if name == "" {
		rels = a.get("_rels/.rels")
	}
	if rels == nil {
		return nil, nil
	}
	var doc struct {
		Relationships []relationship `xml:"Relationship"`
	}
	if err := decodePart(rels, "Relationships", &doc); err != nil {
		return nil, err
	}
	return doc.Relationships, nil
}

// target finds the part that a relationship of the part at from leads to, or nil.
func (a *archive) target(from string, r relationship) *part {
	if r.Mode == "External" {
		return nil
	}
	name := strings.ReplaceAll(r.Target, `\`, "/")
	if !strings.HasPrefix(name, "/") {
		name = path.Join("/", path.Dir(from), name)
	}
	return a.get(strings.TrimPrefix(path.Clean(name), "/"))
}

// notWorkbook says what a zip is that holds no workbook.
func (a *archive) notWorkbook() error {
	if mime := a.get("mimetype"); mime != nil {
		kind, _ := io.ReadAll(io.LimitReader(mime.open(), 100))
		if strings.Contains(string(kind), "opendocument") {
			return errors.New("is an OpenDocument file (.ods); save it as .xlsx")
		}
	}
	for _, other := range []struct{ part, what string }{
		{"xl/workbook.bin", "a binary workbook (.xlsb); save it as .xlsx"},
		{"word/document.xml", "a Word document (.docx), not a workbook; save the table as .xlsx"},
		{"ppt/presentation.xml", "a PowerPoint presentation (.pptx), not a workbook"},
		{"Index/Document.iwa", "a document of Apple Numbers or its kin; export it as Excel"},
	} {
		if a.get(other.part) != nil {
			return errors.New("is " + other.what)
		}
	}
	return errors.New("is a zip file without a workbook, not an .xlsx")
}

// workbookPart is what is read of the workbook's XML.
type workbookPart struct {
	Properties struct {
		Date1904 string `xml:"date1904,attr"`
	} `xml:"workbookPr"`
	Sheets []struct {
		Name   string `xml:"name,attr"`
		State  string `xml:"state,attr"`
		Rel    string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		Strict string `xml:"http://purl.oclc.org/ooxml/officeDocument/relationships id,attr"`
	} `xml:"sheets>sheet"`
}

func (a *archive) workbook() (*workbook, error) {
	root, err := a.relationships("")
	if err != nil {
		return nil, err
	}
	var main *part
	for _, r := range root {
		if r.is("officeDocument") && main == nil {
			main = a.target("", r)
		}
	}
	if main == nil || !strings.HasSuffix(main.name, ".xml") {
		return nil, a.notWorkbook()
	}
	var doc workbookPart
	if err := decodePart(main, "workbook", &doc); err != nil {
		return nil, err
	}
	rels, err := a.relationships(main.name)
	if err != nil {
		return nil, err
	}
	w := &workbook{}
	if err := w.setDates(doc.Properties.Date1904); err != nil {
		return nil, err
	}
	byID := make(map[string]relationship, len(rels))
	for _, r := range rels {
		if _, twice := byID[r.ID]; twice {
			return nil, damaged("relationship %q is there twice", clip(r.ID))
		}
		byID[r.ID] = r
		switch {
		case r.is("styles"):
			w.styles = a.target(main.name, r)
		case r.is("sharedStrings"):
			w.strings = a.target(main.name, r)
		}
	}
	for _, s := range doc.Sheets {
		r := byID[s.Rel+s.Strict]
		w.sheets = append(w.sheets, sheet{
			name: s.Name, hidden: s.State != "" && s.State != "visible",
			worksheet: r.is("worksheet"), part: a.target(main.name, r),
		})
	}
	return w, nil
}

func (w *workbook) setDates(date1904 string) error {
	switch date1904 {
	case "1", "true", "on":
		w.date1904 = true
	case "", "0", "false", "off":
	default:
		return damaged("its date system is %q", clip(date1904))
	}
	return nil
}

// choose finds the worksheet by name, or the first visible one.
func (w *workbook) choose(name string) (*sheet, error) {
	var names []string
	var found *sheet
	seen := map[string]bool{}
	for i := range w.sheets {
		s := &w.sheets[i]
		if key := strings.ToLower(s.name); seen[key] {
			return nil, damaged("two sheets are named %q", clip(s.name))
		} else {
			seen[key] = true
		}
		if name != "" && strings.EqualFold(s.name, name) && !s.worksheet {
			return nil, fmt.Errorf("sheet %q is a chart or dialog, not a worksheet", s.name)
		}
		if !s.worksheet {
			continue
		}
		names = append(names, fmt.Sprintf("%q", clip(s.name)))
		if found == nil && (strings.EqualFold(s.name, name) || (name == "" && !s.hidden)) {
			found = s
		}
	}
	switch {
	case found != nil && found.part == nil:
		return nil, damaged("the part of sheet %q is missing", clip(found.name))
	case found != nil:
		return found, nil
	case len(names) == 0:
		return nil, errors.New("has no worksheet")
	case name == "":
		return nil, fmt.Errorf("has no visible worksheet; name one of its sheets: %s", list(names))
	}
	return nil, fmt.Errorf("has no worksheet %q; it has %s", name, list(names))
}
