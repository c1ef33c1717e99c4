package xlsx

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decode checks a text, resolves its escapes unless it is CDATA, and makes every line end LF.
func (t *tokenizer) decode(raw []byte, cdata bool) ([]byte, error) {
	plain := 0
	for plain < len(raw) && isPlain[raw[plain]] {
		plain++
	}
	if plain == len(raw) {
		return raw, nil
	}
	start := len(t.decoded)
	t.decoded = append(t.decoded, raw[:plain]...)
	for i := plain; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, fmt.Errorf("the XML holds invalid UTF-8: the byte 0x%02X", raw[i])
		case r == '&' && !cdata:
			name, _, ends := bytes.Cut(raw[i+1:min(len(raw), i+12)], []byte(";"))
			if r, size = entity(string(name)), len(name)+2; !ends || !isChar(r) {
				return nil, fmt.Errorf("the XML has the unknown entity %q", "&"+string(name))
			}
		case r == '\r':
			if r = '\n'; i+1 < len(raw) && raw[i+1] == '\n' {
				size = 2
			}
		case !isChar(r):
			return nil, fmt.Errorf("the XML holds the illegal character code %U", r)
		}
		t.decoded = utf8.AppendRune(t.decoded, r)
		i += size
	}
	return t.decoded[start:], nil
}

var entities = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// entity is the character of this name or number; 0 where there is none.
func entity(name string) rune {
	digits, numbered := strings.CutPrefix(name, "#")
	if !numbered {
		return entities[name]
	}
	hex, isHex := strings.CutPrefix(digits, "x")
	n, err := strconv.ParseUint(digits, 10, 31)
	if isHex {
		n, err = strconv.ParseUint(hex, 16, 31)
	}
	if err != nil {
		return 0
	}
	return rune(n)
}

func isChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}
