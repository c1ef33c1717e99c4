package xlsx

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// Properties are what a workbook that is written says of itself. Blank ones are left out.
type Properties struct {
	Title, Subject, Description, Keywords, Category string

	Author string    // who made it and saved it last
	At     time.Time // when
	Custom []Property
}

// Write writes a workbook with its properties straight into w, where excelize by itself holds the whole zip in memory first. What is
// streamed must be flushed.
func Write(w io.Writer, f *excelize.File, p Properties) error {
	if err := p.set(f); err != nil {
		return err
	}
	const level = 5 // costs little more than reading, and packs almost as well as the best
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter {
		z := zip.NewWriter(w)
		var packer *flate.Writer // for all parts, which are written in turn
		z.RegisterCompressor(zip.Deflate, func(out io.Writer) (_ io.WriteCloser, err error) {
			if packer == nil {
				packer, err = flate.NewWriter(out, level)
			} else {
				packer.Reset(out)
			}
			return packer, err
		})
		return z
	})
	return f.Write(io.Discard)
}

// corePart holds a workbook's core properties.
const corePart = "docProps/core.xml"

// coreProperties has the prefixes that all programs write. Some find the elements by these names alone, and excelize leaves cp out.
type coreProperties struct {
	XMLName        xml.Name `xml:"cp:coreProperties"`
	CP             string   `xml:"xmlns:cp,attr"`
	DC             string   `xml:"xmlns:dc,attr"`
	DCTerms        string   `xml:"xmlns:dcterms,attr"`
	XSI            string   `xml:"xmlns:xsi,attr"`
	Title          string   `xml:"dc:title,omitempty"`
	Subject        string   `xml:"dc:subject,omitempty"`
	Creator        string   `xml:"dc:creator,omitempty"`
	Keywords       string   `xml:"cp:keywords,omitempty"`
	Description    string   `xml:"dc:description,omitempty"`
	LastModifiedBy string   `xml:"cp:lastModifiedBy,omitempty"`
	Created        *instant `xml:"dcterms:created"`
	Modified       *instant `xml:"dcterms:modified"`
	Category       string   `xml:"cp:category,omitempty"`
	Language       string   `xml:"dc:language"`
}

type instant struct {
	Type string `xml:"xsi:type,attr"`
	Text string `xml:",chardata"`
}

func (p *Properties) set(f *excelize.File) error {
	core := coreProperties{
		CP: "http://schemas.openxmlformats.org/package/2006/metadata/core-properties", DC: "http://purl.org/dc/elements/1.1/",
		DCTerms: "http://purl.org/dc/terms/", XSI: "http://www.w3.org/2001/XMLSchema-instance",
		Title: p.Title, Subject: p.Subject, Description: p.Description, Keywords: p.Keywords, Category: p.Category,
		Creator: p.Author, LastModifiedBy: p.Author, Language: "en",
	}
	if !p.At.IsZero() {
		core.Created = &instant{"dcterms:W3CDTF", p.At.UTC().Format(time.RFC3339)}
		core.Modified = core.Created
	}
	text, err := xml.Marshal(core)
	f.Pkg.Store(corePart, append([]byte(xml.Header), text...))
	err = errors.Join(err, f.SetAppProps(&excelize.AppProperties{Application: "taskrecon"}))
	for _, c := range p.Custom {
		err = errors.Join(err, f.SetCustomProps(excelize.CustomProperty{Name: c.Name, Value: c.Text}))
	}
	return err
}

// HideSheet makes a sheet one that spreadsheets neither show nor offer to show, and guards it against edits. It may be called
// while sheets are streamed.
func HideSheet(f *excelize.File, name string) error {
	for i, s := range f.WorkBook.Sheets.Sheet {
		if s.Name == name {
			f.WorkBook.Sheets.Sheet[i].State = "veryHidden" // SetSheetVisible would read the sheets that are streamed
		}
	}
	return f.ProtectSheet(name, &excelize.SheetProtectionOptions{SelectLockedCells: true})
}
