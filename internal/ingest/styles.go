package ingest

import (
	"regexp"
	"strings"
)

// numberFormat is what a number's format says about the cell.
type numberFormat uint8

const (
	formatOther numberFormat = iota // the sheet may show something else than the number
	formatPlain                     // General, 0, or text
	formatDate                      // a date, with or without a time, or a time of day
)

// numberFormats holds the format of each cell style.
type numberFormats []numberFormat

type styleSheet struct {
	NumFmts []struct {
		ID   int    `xml:"numFmtId,attr"`
		Code string `xml:"formatCode,attr"`
	} `xml:"numFmts>numFmt"`
	CellXfs []struct {
		NumFmt int `xml:"numFmtId,attr"`
	} `xml:"cellXfs>xf"`
}

func readNumberFormats(p *part) (numberFormats, error) {
	if p == nil {
		return numberFormats{formatPlain}, nil
	}
	var sheet styleSheet
	if err := decodePart(p, "styleSheet", &sheet); err != nil {
		return nil, err
	}
	codes := make(map[int]string, len(sheet.NumFmts))
	for _, f := range sheet.NumFmts {
		codes[f.ID] = f.Code
	}
	formats := make(numberFormats, len(sheet.CellXfs))
	for i, xf := range sheet.CellXfs {
		if code, custom := codes[xf.NumFmt]; custom {
			formats[i] = formatOfCode(code)
		} else {
			formats[i] = builtInFormat(xf.NumFmt)
		}
	}
	if len(formats) == 0 {
		formats = numberFormats{formatPlain}
	}
	return formats, nil
}

// builtInFormat knows the formats that a workbook names by number only. 27 to 36 and 50 to 58 are
// dates in East Asian locales; 46 is an elapsed time.
func builtInFormat(id int) numberFormat {
	switch {
	case id == 0, id == 1, id == 49:
		return formatPlain
	case id >= 14 && id <= 22, id >= 27 && id <= 36, id == 45, id == 47, id >= 50 && id <= 58:
		return formatDate
	}
	return formatOther
}

var (
	// literals are the pieces of a format code that stand for themselves: quoted, escaped, padding, bracketed.
	literals = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)
	elapsed  = regexp.MustCompile(`(?i)\[(h+|m+|s+)\]`)
)

// formatOfCode reads the part of a format code that is for positive numbers.
func formatOfCode(code string) numberFormat {
	if elapsed.MatchString(code) {
		return formatOther
	}
	bare, _, _ := strings.Cut(literals.ReplaceAllString(code, ""), ";")
	switch bare = strings.ToLower(bare); {
	case bare == "general":
		if code == "" || !strings.EqualFold(code, "general") {
			return formatOther
		}
		return formatPlain
	case code == "0" || code == "@":
		return formatPlain
	case strings.ContainsAny(bare, "ymdhs"):
		return formatDate
	}
	return formatOther
}
