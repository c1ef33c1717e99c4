package task

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"taskrecon/internal/text"
)

// Value is the value of one property: null, or a text whose form depends on the property's Kind.
//
//	String    the text itself
//	DateTime  RFC 3339 in UTC, as FormatTime writes it; a value read that is no date-time is kept as it was
//	Enum      a member; one read that is not in the table is kept as it was
//	Int32     decimal digits
//	Settings  a JSON array of {"name","value"}, in the order read
//	Devices   a line for each device, to be read by people; never sent
//
// The zero Value is null. Values are immutable and may be shared between goroutines.
type Value struct {
	text  string
	valid bool
}

// Clone is the value with a copy of its text, which does not keep a longer one in memory that the text is a part of.
func (v Value) Clone() Value { return Value{strings.Clone(v.text), v.valid} }

// Null is the absent value.
var Null = Value{}

// Text makes a non-null value of a text that is already in the form of its kind.
func Text(s string) Value { return Value{text: s, valid: true} }

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return !v.valid }

// String returns the value as people read it and as an input cell takes it; null reads as "".
func (v Value) String() string { return v.text }

// MarshalJSON writes null or a string: the form that a ledger keeps, not the wire form.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.valid {
		return []byte("null"), nil
	}
	return json.Marshal(v.text)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	*v = Null
	if s != nil {
		*v = Text(*s)
	}
	return nil
}

// Canonical is the form in which two values of p are equal exactly when the texts are: null and ""
// are one for strings, addresses are in lower case, members are spelled as documented, settings are sorted, everything else is in one
// spelling already.
func (p *Property) Canonical(v Value) string {
	switch p.Kind {
	case Settings:
		return canonicalSettings(v)
	case String:
		if p.Address() && strings.Contains(v.text, "@") {
			return strings.ToLower(v.text)
		}
		return v.text
	case Enum:
		if member, known := p.Member(v.text); known {
			return member
		}
	}
	if v.IsNull() {
		return "\x00null"
	}
	return v.text
}

// Equal reports whether two values of p mean the same to the service.
func (p *Property) Equal(a, b Value) bool {
	if p.Kind == Settings {
		return a == b || sameSettings(a, b)
	}
	return a == b || p.Canonical(a) == p.Canonical(b)
}

// Cleared is the value that <clear> asks for. Call it only where Clearable.
func (p *Property) Cleared() Value {
	if p.Kind == Settings {
		return Text("[]")
	}
	return Null
}

// Unset reports whether v means "no value": null, an empty string or collection, or the
// service's 0001-01-01T00:00:00Z.
func (p *Property) Unset(v Value) bool {
	switch p.Kind {
	case DateTime:
		return v.IsNull() || v.text == "0001-01-01T00:00:00Z"
	case Settings:
		return canonicalSettings(v) == "[]"
	}
	return v.text == ""
}

// Wire returns the JSON of v as Graph takes it in a PATCH. It fails only for a value that is not of
// the form that p's kind has, such as an unknown text in an Int32.
func (p *Property) Wire(v Value) (json.RawMessage, error) {
	if v.IsNull() {
		if p.Kind == Settings {
			return json.RawMessage("[]"), nil
		}
		return json.RawMessage("null"), nil
	}
	switch p.Kind {
	case Int32:
		n, err := strconv.ParseInt(v.text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not an Int32", p.Name, v.text)
		}
		return json.RawMessage(strconv.FormatInt(n, 10)), nil // "+5" and "007" are no JSON
	case Settings:
		return wireSettings(v)
	}
	return json.Marshal(v.text)
}

// FromWire reads a property's JSON as Graph sends it. What does not fit the kind is kept as its own
// text, never lost: only JSON of the wrong shape (an object for a string) is an error.
func (p *Property) FromWire(raw json.RawMessage) (Value, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return Null, nil
	}
	switch p.Kind {
	case Settings:
		return settingsFromWire(raw)
	case Devices:
		return devicesFromWire(raw)
	case Int32:
		return p.int32FromWire(raw)
	}
	s, err := member(p.Name, raw)
	if err != nil {
		return Null, err
	}
	if p.Kind == DateTime {
		if t, err := ParseTime(wireTime().ReplaceAllString(s, "$1$2") + zoneOf(s)); err == nil {
			s = FormatTime(t)
		}
	}
	return Text(s), nil
}

// wireTime matches a date-time with more digits than the service's type has, of which those below 100 ns do not count.
var wireTime = pattern(`^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d\.\d{7})\d+([Zz]|[+-]\d\d:\d\d)?$`)

// zoneOf is the zone of a date-time of the service that states none.
func zoneOf(s string) string {
	if bareTime().MatchString(s) {
		return "Z"
	}
	return ""
}

var bareTime = pattern(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?$`)

func (p *Property) int32FromWire(raw json.RawMessage) (Value, error) {
	n := json.Number(raw)
	if jsontext.Value(raw).Kind() != '0' && json.Unmarshal(raw, &n) != nil { // which takes a number in quotes
		return Null, fmt.Errorf("%s: want a JSON number, got %s", p.Name, clip(string(raw)))
	}
	if whole, ok := WholeNumber(n.String()); ok {
		return Text(whole), nil
	}
	return Text(n.String()), nil
}

var wholeNumber = regexp.MustCompile(`^(-?)0*(\d+)(\.0+)?$`)

// WholeNumber returns the canonical digits of a number of any size written as 12 or 12.0; ok is false
// for anything else, exponents among them.
func WholeNumber(s string) (digits string, ok bool) {
	m := wholeNumber.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	if m[2] == "0" {
		return "0", true
	}
	return m[1] + m[2], true
}

// clip is s at the length at which a message quotes it.
func clip(s string) string { return text.Clip(s, 80) }
