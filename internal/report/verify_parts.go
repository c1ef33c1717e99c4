package report

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
)

// workbook is a report that is read cell by cell.
type workbook struct {
	file   *os.File
	parts  map[string]*zip.File // by name in lower case, as a workbook tells them apart
	sheets []sheetPart
	texts  sharedTexts
}

type sheetPart struct {
	name   string
	part   *zip.File
	hidden bool
}

// openWorkbook reads every part to its end and against its checksum, and finds the sheets.
func openWorkbook(name string) (*workbook, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	w := &workbook{file: f, parts: map[string]*zip.File{}}
	if err = w.readParts(); err == nil {
		err = w.findSheets()
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *workbook) readParts() error {
	info, err := w.file.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(w.file, info.Size())
	if err != nil {
		return err
	}
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	for _, f := range z.File {
		key := strings.ToLower(f.Name)
		if w.parts[key] != nil {
			return fmt.Errorf("the part %q is in it twice", f.Name)
		}
		w.parts[key] = f
		if err := readThrough(f); err != nil {
			return fmt.Errorf("the part %q: %w", f.Name, err)
		}
	}
	return nil
}

func (w *workbook) close() { w.file.Close(); w.texts.close() }

func readThrough(f *zip.File) (err error) {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	_, err = io.Copy(io.Discard, in)
	return err
}

// part finds one by its name.
func (w *workbook) part(name string) (*zip.File, error) {
	if f := w.parts[strings.ToLower(strings.TrimPrefix(name, "/"))]; f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("the part %q is missing", name)
}

// decode reads a small part whole.
func (w *workbook) decode(name string, into any) error {
	f, err := w.part(name)
	if err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	const most = 16 << 20
	if err := xml.NewDecoder(io.LimitReader(in, most)).Decode(into); err != nil {
		return fmt.Errorf("the part %q: %w", name, err)
	}
	return nil
}

type relationship struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

func (r relationship) is(kind string) bool { return strings.HasSuffix(r.Type, "/"+kind) }

// relations reads where a part's relationships lead to.
func (w *workbook) relations(of string) ([]relationship, error) {
	var list struct {
		All []relationship `xml:"Relationship"`
	}
	dir, base := path.Split(of)
	if err := w.decode(dir+"_rels/"+base+".rels", &list); err != nil {
		return nil, err
	}
	for i, r := range list.All {
		if !strings.HasPrefix(r.Target, "/") {
			list.All[i].Target = path.Join(dir, r.Target)
		}
	}
	return list.All, nil
}

// findSheets follows the way that a spreadsheet program goes, whatever else is in the file.
func (w *workbook) findSheets() error {
	main, err := w.mainPart()
	if err != nil {
		return err
	}
	var book struct {
		Sheets []struct {
			Name  string `xml:"name,attr"`
			ID    string `xml:"id,attr"`
			State string `xml:"state,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := w.decode(main, &book); err != nil {
		return err
	}
	links, err := w.readLinks(main)
	if err != nil {
		return err
	}
	for _, s := range book.Sheets {
		r := links[s.ID]
		if !r.is("worksheet") {
			return fmt.Errorf("%q is no sheet of cells", s.Name)
		}
		f, err := w.part(r.Target)
		if err != nil {
			return err
		}
		w.sheets = append(w.sheets, sheetPart{s.Name, f, s.State != "" && s.State != "visible"})
	}
	return nil
}

// mainPart is the name of the part that lists the sheets.
func (w *workbook) mainPart() (string, error) {
	start, err := w.relations("")
	if err != nil {
		return "", err
	}
	main := ""
	for _, r := range start {
		if !r.is("officeDocument") {
			continue
		}
		if main != "" {
			return "", errors.New("it holds two workbooks")
		}
		main = strings.TrimPrefix(r.Target, "/")
	}
	return main, nil
}

// readLinks finds what the main part leads to, by the ids that it uses, and reads the texts that the sheets share.
func (w *workbook) readLinks(main string) (map[string]relationship, error) {
	list, err := w.relations(main)
	if err != nil {
		return nil, err
	}
	links := map[string]relationship{}
	for _, r := range list {
		links[r.ID] = r
		if r.is("sharedStrings") {
			if err := w.readTexts(r.Target); err != nil {
				return nil, fmt.Errorf("the part %q: %w", r.Target, err)
			}
		}
	}
	return links, nil
}

// values begins to read a sheet; the caller closes it.
func (w *workbook) values(s sheetPart) (*sheetValues, error) {
	in, err := s.part.Open()
	if err != nil {
		return nil, err
	}
	return &sheetValues{partXML: newPartXML(in), texts: &w.texts}, nil
}

func (w *workbook) readTexts(name string) error {
	if w.texts.part != nil {
		return errors.New("there are two of its kind")
	}
	f, err := w.part(name)
	if err != nil {
		return err
	}
	w.texts.part = f
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	return w.texts.read(newPartXML(in))
}

// sharedTexts are the texts that a workbook keeps apart from its sheets. A spreadsheet program that saves a report puts all
// of them there, so they wait in a file.
type sharedTexts struct {
	part *zip.File
	file *os.File
	ends []int64
}

func (s *sharedTexts) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}

func (s *sharedTexts) read(x *partXML) (err error) {
	if s.file, err = os.CreateTemp("", "taskrecon-verify-"); err != nil {
		return err
	}
	out := bufio.NewWriter(s.file)
	end := int64(0)
	for {
		t, err := x.token()
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		e, ok := t.(xml.StartElement)
		switch {
		case !ok || e.Name.Local == "sst" && isMain(e.Name) && s.ends == nil:
			continue
		case e.Name.Local != "si" || !isMain(e.Name):
			return unexpected(e.Name)
		}
		text, err := x.rich()
		if err != nil {
			return err
		}
		if _, err := out.WriteString(text); err != nil {
			return err
		}
		end += int64(len(text))
		s.ends = append(s.ends, end)
	}
}

// at is the text that a cell names by its number.
func (s *sharedTexts) at(number string) (string, error) {
	i, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || i < 0 || i >= len(s.ends) {
		return "", fmt.Errorf("it names the text %q of %d", number, len(s.ends))
	}
	begin := int64(0)
	if i > 0 {
		begin = s.ends[i-1]
	}
	text := make([]byte, s.ends[i]-begin)
	if _, err := s.file.ReadAt(text, begin); err != nil {
		return "", err
	}
	return string(text), nil
}

// sameBytes compares two parts without looking into them, as of a report that nobody has saved again, which takes far less
// time, and counts the cells that hold something. One that cannot be read is not the same.
func sameBytes(a, b *zip.File) (cells int, same bool) {
	if a == nil || b == nil {
		return 0, a == b
	}
	inA, errA := a.Open()
	if errA != nil {
		return 0, false
	}
	defer inA.Close()
	inB, errB := b.Open()
	if errB != nil {
		return 0, false
	}
	defer inB.Close()
	bufA, bufB := bufio.NewReaderSize(inA, 256<<10), bufio.NewReaderSize(inB, 256<<10)
	for {
		x, errA := bufA.ReadSlice('<')
		y, errB := bufB.ReadSlice('<')
		switch tag := string(x[:min(len(x), 3)]); {
		case !bytes.Equal(x, y) || errA != errB:
			return 0, false
		case errA == io.EOF:
			return cells, true
		case errA != nil && errA != bufio.ErrBufferFull:
			return 0, false
		case tag == "is>" || strings.HasPrefix(tag, "v>") && tag != "v><":
			cells++
		case tag == "t><":
			cells-- // an inline text that is empty
		}
	}
}
