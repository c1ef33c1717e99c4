package xlsx

import (
	"archive/zip"
	"regexp"
	"strings"
)

// Format is what the number format of a cell says about a number in it.
type Format uint8

// The values of Format.
const (
	OtherFormat Format = iota // the sheet may show something else than the number
	PlainFormat               // General, 0, or text
	DateFormat                // a date, with or without a time, or a time of day
)

// style is what the style of a cell says of it.
type style struct {
	format Format
	struck bool // through
}

// readStyles reads what each cell style says.
func readStyles(part *zip.File) ([]style, error) {
	if part == nil {
		return []style{{format: PlainFormat}}, nil
	}
	var formats, fonts []int
	var struck []bool         // by font
	codes := map[int]string{} // of the formats that the workbook defines
	err := readIndex(part, "styleSheet", func(x *elements) error {
		return x.each(1, func(list string) error {
			return x.each(2, func(name string) (err error) {
				switch {
				case list == "numFmts" && name == "numFmt":
					id, err := x.number("numFmtId")
					codes[id], _ = x.attr("formatCode")
					return err
				case list == "fonts" && name == "font":
					struck = append(struck, false)
					return x.each(3, func(name string) error {
						if value, given := x.attr("val"); name == "strike" {
							struck[len(struck)-1] = !given || truth(value)
						}
						return nil
					})
				case list == "cellXfs" && name == "xf":
					id, err := x.number("numFmtId")
					font, _ := x.number("fontId")
					formats, fonts = append(formats, id), append(fonts, font)
					return err
				}
				return nil
			})
		})
	})
	if err != nil {
		return nil, err
	}
	styles := make([]style, len(formats), max(len(formats), 1))
	for i, id := range formats {
		if code, custom := codes[id]; custom {
			styles[i].format = formatOf(code)
		} else {
			styles[i].format = builtIn(id)
		}
		styles[i].struck = 0 <= fonts[i] && fonts[i] < len(struck) && struck[fonts[i]]
	}
	if len(styles) == 0 {
		styles = append(styles, style{format: PlainFormat})
	}
	return styles, nil
}

// builtIn knows the formats that a workbook names by number only. 27 to 36 and 50 to 58 are dates in East Asian locales, 71 to 81
// in Thai ones, but for 79, which is an elapsed time as 46 is.
func builtIn(id int) Format {
	switch {
	case id == 0, id == 1, id == 49:
		return PlainFormat
	case id >= 14 && id <= 22, id >= 27 && id <= 36, id == 45, id == 47, id >= 50 && id <= 58, id >= 71 && id <= 81 && id != 79:
		return DateFormat
	}
	return OtherFormat
}

var (
	// literals are the pieces of a format code that are shown as they are: quoted, escaped, padding, bracketed.
	literals = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)
	elapsed  = regexp.MustCompile(`(?i)\[(h+|m+|s+)\]`)
)

// formatOf reads the part of a format code that is for positive numbers.
func formatOf(code string) Format {
	if elapsed.MatchString(code) {
		return OtherFormat
	}
	bare, _, _ := strings.Cut(literals.ReplaceAllString(code, ""), ";")
	switch bare = strings.ToLower(bare); {
	case strings.EqualFold(code, "general") || code == "0" || code == "@":
		return PlainFormat
	case bare != "general" && strings.ContainsAny(bare, "ymdhs"):
		return DateFormat
	}
	return OtherFormat
}
