package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// ParseDelimiter reads what --delimiter takes: a character, or a name for one that is hard to type.
func ParseDelimiter(text string) (rune, error) {
	switch strings.ToLower(text) {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	case "comma":
		return ',', nil
	case "semicolon":
		return ';', nil
	case "pipe":
		return '|', nil
	}
	r, size := utf8.DecodeRuneInString(text)
	if size != len(text) || r == utf8.RuneError || r == '"' || r == '\r' || r == '\n' || r == 0 {
		return 0, fmt.Errorf("%q is neither one character nor comma, semicolon, tab or pipe", text)
	}
	return r, nil
}

// separatorLine honours Excel's first line "sep=;", and returns the text behind it and how many lines that took.
func separatorLine(text []byte) (sep rune, rest []byte, skipped int) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	first = bytes.TrimSuffix(first, []byte("\r"))
	if len(first) > 4 && strings.EqualFold(string(first[:4]), "sep=") {
		r, size := utf8.DecodeRune(first[4:])
		if size == len(first)-4 && r != '"' && r != utf8.RuneError {
			return r, rest, 1
		}
	}
	return 0, text, 0
}

// chooseDelimiter takes the delimiter under which the header has an id and the most property names,
// or, where none has any, the most cells. The header is what starts on a line; for 0 it is the first
// record with anything in it, or a later one that looks more like a header.
func chooseDelimiter(text []byte, line int) rune {
	best, most := delimiters[0], -1
	for _, sep := range delimiters {
		if score := scoreHeader(headerRecord(text, sep, line)); score > most {
			best, most = sep, score
		}
	}
	return best
}

func headerRecord(text []byte, sep rune, line int) []string {
	r := newCSVReader(text, sep)
	var first []string
	for {
		fields, err := r.Read()
		if err != nil {
			return first
		}
		at, _ := r.FieldPos(0)
		switch {
		case at < line || allBlank(fields):
		case line > 0 || hasID(fields):
			return fields
		case at > headerWithin:
			return first
		case first == nil:
			first = slices.Clone(fields)
		}
	}
}

func hasID(fields []string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return matchHeader(f).id })
}

func scoreHeader(fields []string) int {
	score := min(len(fields), 999)
	for _, f := range fields {
		switch m := matchHeader(f); {
		case m.id:
			score += 1_000_000
		case m.property != nil:
			score += 1000
		}
	}
	return score
}

// allBlank reports whether a record is empty under whichever delimiter.
func allBlank(fields []string) bool {
	for _, f := range fields {
		if !blank(strings.Trim(f, string(delimiters))) {
			return false
		}
	}
	return true
}
