package ingest

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// mostShared is the size of a shared strings part that is held as texts; the careful reading leaves a bigger one on disk.
const mostShared = 512 << 20

// quickStrings reads the shared strings, if nothing but plain markup is in them.
func quickStrings(p *part) ([]string, error) {
	if p == nil {
		return nil, nil
	}
	if p.size > mostShared || p.name != "xl/sharedStrings.xml" {
		return nil, errUnknown // excelize looks for them nowhere else
	}
	w := newWindow(p)
	if err := stringsHead(w); err != nil {
		return nil, err
	}
	var all []string
	var kept texts
	var text []byte
	for {
		seen, err := w.skipSpace(len("</sst>"))
		if err != nil {
			return nil, err
		}
		switch {
		case bytes.HasPrefix(seen, []byte("</sst>")):
			w.at += len("</sst>")
			behind, err := w.rest()
			if err != nil || len(bytes.TrimLeft(behind, " \t\r\n")) > 0 {
				return nil, errUnknown
			}
			return all, nil
		case len(all) == maxStrings:
			return nil, errUnknown
		}
		item, err := w.upTo("</si>")
		if err != nil {
			return nil, err
		}
		if text, err = quickItem(item, text[:0]); err != nil {
			return nil, err
		}
		all = append(all, kept.keepBytes(text))
	}
}

// stringsHead reads up to the first string, and leaves the judgment of it to xmlScan.
func stringsHead(w *window) error {
	head, err := w.ahead(firstWindow / 2)
	if err != nil {
		return err
	}
	start := bytes.Index(head, []byte("<sst"))
	if start < 0 || bytes.Contains(head[:start], []byte("<!")) || bytes.LastIndex(head[:start], []byte("<?")) > len(bomUTF8) {
		return errUnknown
	}
	m := markup{b: head, at: start}
	if !m.open("sst") {
		return errUnknown
	}
	err = m.attributes(func(name string, value []byte) bool {
		_, ok := number(value)
		return ok || !strings.HasSuffix(strings.ToLower(name), "count")
	})
	if err != nil {
		return err
	}
	if empty, err := m.tagEnd(); err != nil || empty {
		return errUnknown
	}
	head = head[:m.at]
	scan := newXMLScan(io.MultiReader(bytes.NewReader(head), bytes.NewReader([]byte("</sst>"))))
	for {
		tok, err := scan.next()
		if err == io.EOF {
			break
		}
		if root, ok := tok.(xml.StartElement); err != nil || ok && root.Name.Local != "sst" {
			return errUnknown
		}
	}
	w.at += len(head)
	return nil
}

// quickItem appends the text of one shared string, which item holds whole.
func quickItem(item, to []byte) ([]byte, error) {
	m := markup{b: item}
	if !m.open("si") {
		return nil, errUnknown
	}
	empty, err := m.bare()
	if err != nil || empty {
		return nil, errUnknown
	}
	if to, err = m.stringItem(to, "</si>"); err != nil {
		return nil, err
	}
	if m.at != len(item) || !agreed(to) {
		return nil, errUnknown
	}
	if bytes.Contains(to, []byte("_x")) {
		to = append(to[:0], unescape(string(to))...)
	}
	return to, nil
}
