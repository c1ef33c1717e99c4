package ingest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// finds reports whether excelize takes the workbook, and under the sheet's name finds the same part. It
// is shown the workbook with a few bytes in the place of each sheet, which say the part's number, so that it unpacks nothing big.
func (a *archive) finds(w *workbook, s *sheet) bool {
	light, err := a.lighten(w)
	if err != nil {
		return false
	}
	f, err := excelize.OpenReader(bytes.NewReader(light), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return false
	}
	defer f.Close()
	rows, err := f.Rows(s.name)
	if err != nil {
		return false
	}
	defer rows.Close()
	if !rows.Next() {
		return false
	}
	texts, err := rows.Columns(excelize.Options{RawCellValue: true})
	return err == nil && len(texts) == 1 && texts[0] == strconv.Itoa(slices.Index(a.parts, s.part))
}

// lighten packs the workbook without what its sheets and shared strings hold.
func (a *archive) lighten(w *workbook) ([]byte, error) {
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	for i, p := range a.parts {
		text := ""
		switch isSheet := slices.ContainsFunc(w.sheets, func(s sheet) bool { return s.worksheet && s.part == p }); {
		case isSheet:
			text = fmt.Sprintf(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>%d</v></c></row></sheetData></worksheet>`, i)
		case p == w.strings:
			text = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>`
		case p.streamed():
			continue
		default:
			h := zip.FileHeader{Name: p.name, Method: p.method, CRC32: p.crc, CompressedSize64: p.packed, UncompressedSize64: p.size}
			part, err := zw.CreateRaw(&h)
			if err == nil {
				_, err = part.Write(p.data)
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		part, err := zw.Create(p.name)
		if err == nil {
			_, err = part.Write([]byte(text))
		}
		if err != nil {
			return nil, err
		}
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
