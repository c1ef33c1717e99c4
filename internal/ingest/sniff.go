package ingest

import (
	"bytes"
	"errors"
	"strings"
)

type fileKind uint8

const (
	kindCSV fileKind = iota
	kindXLSX
)

var (
	oleMagic  = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	utf16Name = func(s string) []byte { return []byte(strings.Join(strings.Split(s, ""), "\x00")) }
)

// sniff tells by the content what a file is; the error names a kind that is not read.
func sniff(data []byte) (fileKind, error) {
	switch {
	case len(data) == 0:
		return 0, errors.New("is empty")
	case bytes.HasPrefix(data, oleMagic):
		if bytes.Contains(data, utf16Name("EncryptedPackage")) {
			return 0, errors.New("is an encrypted workbook; open it in Excel, remove the password and save it again")
		}
		return 0, errors.New("is an old Excel workbook (.xls); save it as .xlsx")
	case bytes.HasPrefix(data, []byte("PK")) && (len(data) < 4 || data[2] < 9):
		return kindXLSX, nil
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 1024)], []byte(bomUTF8)), " \t\r\n")
	lower := string(bytes.ToLower(start))
	for _, mark := range []string{"<!doctype html", "<html", "<table", "<head", "<meta", "<body"} {
		if strings.HasPrefix(lower, mark) {
			return 0, errors.New("is a web page (HTML), whatever its name says; open it in Excel and save it as .xlsx or CSV UTF-8")
		}
	}
	if strings.HasPrefix(lower, "<?xml") {
		return 0, errors.New("is an XML file, not a workbook; open it in Excel and save it as .xlsx or CSV UTF-8")
	}
	return kindCSV, nil
}
