package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

type fileKind uint8

const (
	kindCSV fileKind = iota
	kindXLSX
	kindOLE
)

var (
	oleMagic  = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	utf16Name = func(s string) []byte { return []byte(strings.Join(strings.Split(s, ""), "\x00")) }
)

// others are files that come under the name of a sheet, by how they begin.
var others = []struct{ start, what string }{
	{"\x09\x08\x10\x00", "an old Excel workbook (.xls); save it as .xlsx"},
	{"\x09\x08\x08\x00", "an old Excel workbook (.xls); save it as .xlsx"},
	{"\x09\x04\x06\x00", "an old Excel workbook (.xls); save it as .xlsx"},
	{"\x09\x02\x06\x00", "an old Excel workbook (.xls); save it as .xlsx"},
	{"\x09\x00\x04\x00", "an old Excel workbook (.xls); save it as .xlsx"},
	{"%PDF-", "a PDF, from which nothing can be read; export the sheet as .xlsx or CSV"},
	{"{\\rtf", "an RTF text, not a sheet; save the table as .xlsx or CSV"},
	{"\x1f\x8b", "compressed (gzip); unpack it first"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"},
	{"Rar!\x1a\x07", "a RAR archive; unpack it first"},
	{"\x89PNG\r\n", "a picture (PNG), not a sheet"},
	{"\xff\xd8\xff", "a picture (JPEG), not a sheet"},
	{"SQLite format 3\x00", "an SQLite database, not a sheet"},
}

// sniff finds by its first bytes what a file is; the error names a kind that is not read.
func sniff(name string, data []byte) (fileKind, error) {
	switch {
	case len(data) == 0:
		return 0, errors.New("is empty")
	case bytes.HasPrefix(data, oleMagic):
		return kindOLE, nil
	case bytes.HasPrefix(data, []byte("PK")) && (len(data) < 4 || data[2] < 9):
		return kindXLSX, nil
	case strings.HasPrefix(name, "~$") && len(data) < 1024:
		return 0, fmt.Errorf("is the note by which Excel keeps an open workbook to itself; the workbook is %q", strings.TrimPrefix(name, "~$"))
	}
	for _, o := range others {
		if bytes.HasPrefix(data, []byte(o.start)) {
			return 0, errors.New("is " + o.what)
		}
	}
	return kindCSV, sniffText(data)
}

// sniffOLE names a file of this kind that is no encrypted workbook.
func sniffOLE(data []byte) error {
	switch {
	case bytes.Contains(data, utf16Name("EncryptedPackage")):
		return nil
	case bytes.Contains(data, utf16Name("WordDocument")):
		return errors.New("is an old Word document (.doc), not a sheet")
	}
	return errors.New("is an old Excel workbook (.xls); save it as .xlsx")
}

// sniffText names text that is no CSV.
func sniffText(data []byte) error {
	start := bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 1024)], []byte(bomUTF8)), " \t\r\n")
	lower := string(bytes.ToLower(start))
	for _, mark := range []string{"<!doctype html", "<html", "<table", "<head", "<meta", "<body"} {
		if strings.HasPrefix(lower, mark) {
			return errors.New("is a web page (HTML), whatever its name says; open it in Excel and save it as .xlsx or CSV UTF-8")
		}
	}
	switch {
	case strings.HasPrefix(lower, "<?xml"):
		return errors.New("is an XML file, not a workbook; open it in Excel and save it as .xlsx or CSV UTF-8")
	case strings.HasPrefix(lower, `{"`), strings.HasPrefix(lower, `[{`):
		return errors.New("is JSON, not CSV; a sheet needs a header and one row a task")
	}
	return nil
}
