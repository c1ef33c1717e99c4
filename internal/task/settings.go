package task

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Setting is one keyValuePair of intendedSettings. Names are not declared unique by the service.
type Setting struct {
	Name  string  `json:"name"`
	Value *string `json:"value"`
}

func (s Setting) text() string {
	if s.Value == nil {
		return ""
	}
	return *s.Value
}

// PairsOf returns the pairs of an intendedSettings value in their order; null has none.
func PairsOf(v Value) ([]Setting, error) {
	if v.IsNull() {
		return nil, nil
	}
	var pairs []Setting
	if err := jsonv2.Unmarshal([]byte(v.text), &pairs, asEncodingJSON); err != nil {
		return nil, fmt.Errorf("intendedSettings: %w", err)
	}
	return pairs, nil
}

// ValuesByName are the values of each name, in the order in which they compare; null is "".
func ValuesByName(pairs []Setting) map[string][]string {
	values := make(map[string][]string, len(pairs))
	for _, s := range pairs {
		values[s.Name] = append(values[s.Name], s.text())
	}
	for _, texts := range values {
		slices.Sort(texts)
	}
	return values
}

// SettingsValue makes a value of pairs, in their order.
func SettingsValue(pairs []Setting) Value {
	if len(pairs) == 0 {
		return Text("[]")
	}
	out := make([]byte, 0, 64*len(pairs))
	for i, s := range pairs {
		if i > 0 {
			out = append(out, ',')
		}
		out = quoted(append(out, `{"name":`...), s.Name)
		out = append(out, `,"value":`...)
		if s.Value == nil {
			out = append(out, "null}"...)
		} else {
			out = append(quoted(out, *s.Value), '}')
		}
	}
	return Text("[" + string(out) + "]")
}

// quoted appends a text as JSON. Bytes that are no UTF-8 become U+FFFD.
func quoted(to []byte, text string) []byte {
	to, _ = jsontext.AppendQuote(to, text)
	return to
}

// sortedPairs are the pairs of a value in the order in which they compare; a null value and "" are one, as for strings elsewhere.
func sortedPairs(v Value) ([]Setting, error) {
	pairs, err := PairsOf(v)
	empty := ""
	for i := range pairs {
		if pairs[i].Value == nil {
			pairs[i].Value = &empty
		}
	}
	slices.SortFunc(pairs, Setting.compare)
	return pairs, err
}

func (s Setting) compare(o Setting) int {
	return cmp.Or(cmp.Compare(s.Name, o.Name), cmp.Compare(s.text(), o.text()))
}

func canonicalSettings(v Value) string {
	pairs, err := sortedPairs(v)
	if err != nil {
		return v.text
	}
	return SettingsValue(pairs).text
}

// sameSettings compares two values as canonicalSettings does, without writing them.
func sameSettings(a, b Value) bool {
	one, err1 := sortedPairs(a)
	two, err2 := sortedPairs(b)
	if err1 != nil || err2 != nil {
		return canonicalSettings(a) == canonicalSettings(b)
	}
	return slices.EqualFunc(one, two, func(a, b Setting) bool { return a.compare(b) == 0 })
}

func wireSettings(v Value) (json.RawMessage, error) {
	pairs, err := PairsOf(v)
	if err != nil {
		return nil, err
	}
	type pair struct {
		Type string `json:"@odata.type"`
		Setting
	}
	out := make([]pair, len(pairs))
	for i, s := range pairs {
		out[i] = pair{"microsoft.graph.keyValuePair", s}
	}
	return json.Marshal(out)
}

// asEncodingJSON makes jsonv2 take what encoding/json takes.
var asEncodingJSON = jsonv2.JoinOptions(jsonv2.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

func settingsFromWire(raw json.RawMessage) (Value, error) {
	var pairs []Setting
	if err := jsonv2.Unmarshal(raw, &pairs, asEncodingJSON); err != nil {
		return Null, fmt.Errorf("intendedSettings: want an array of name and value, got %s", clip(string(raw)))
	}
	return SettingsValue(pairs), nil
}

// ParseSettings reads a cell: a JSON array of {"name","value"}, or one name=value a line, split at
// the first "=". Names are trimmed, values kept exactly.
func ParseSettings(text string) (Value, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		return parseJSONSettings(text)
	}
	var pairs []Setting
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		name, value, found := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !found || name == "" {
			return Null, fmt.Errorf("line %d of the settings, %q, is not name=value", i+1, clip(line))
		}
		pairs = append(pairs, Setting{Name: name, Value: &value})
	}
	return SettingsValue(pairs), nil
}

// jsonFault says what is wrong with a JSON text without the names of Go's types.
func jsonFault(err error) string {
	var wrong *jsonv2.SemanticError
	var broken *jsontext.SyntacticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "a member is given twice in one setting"
	case errors.As(err, &wrong) && errors.Is(err, jsonv2.ErrUnknownName):
		return fmt.Sprintf("it has the unknown member %q", wrong.JSONPointer.LastToken())
	case errors.As(err, &wrong):
		return fmt.Sprintf("%s is at character %d, where a text in quotes belongs", jsonKinds[wrong.JSONKind], wrong.ByteOffset+1)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends too early"
	case errors.As(err, &broken):
		return fmt.Sprintf("%s at character %d", broken.Err, broken.ByteOffset+1)
	}
	return err.Error()
}

var jsonKinds = map[jsontext.Kind]string{'n': "null", 't': "true", 'f': "false", '"': "a text", '0': "a number", '{': "an object", '[': "an array"}

func parseJSONSettings(text string) (Value, error) {
	var in []struct {
		Type  string  `json:"@odata.type"`
		Name  *string `json:"name"`
		Value *string `json:"value"`
	}
	dec := jsontext.NewDecoder(strings.NewReader(text))
	if err := jsonv2.UnmarshalDecode(dec, &in, jsonv2.MatchCaseInsensitiveNames(true), jsonv2.RejectUnknownMembers(true)); err != nil {
		return Null, fmt.Errorf("%q is not a JSON array of {\"name\",\"value\"}: %s", clip(text), jsonFault(err))
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return Null, fmt.Errorf("%q has something after the JSON array", clip(text))
	}
	pairs := make([]Setting, len(in))
	for i, s := range in {
		if s.Name == nil || *s.Name == "" {
			return Null, fmt.Errorf("setting %d of %q has no name", i+1, clip(text))
		}
		pairs[i] = Setting{Name: *s.Name, Value: s.Value}
	}
	return SettingsValue(pairs), nil
}
