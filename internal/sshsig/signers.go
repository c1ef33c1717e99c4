package sshsig

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// findSigner looks for a key among allowed signers, by the rules of ssh-keygen: a line has a list of patterns of principals,
// perhaps options, and the key. It returns the names of the first line that permits this key at this time, "" where none does.
// A line that cannot be read permits nothing; it is an error only where no other line permits the key.
func findSigner(signers io.Reader, key ssh.PublicKey, at time.Time) (names string, err error) {
	var bad error
	lines := bufio.NewScanner(signers)
	for n := 1; lines.Scan(); n++ {
		line := strings.Trim(lines.Text(), " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		names, err := signerOf(line, key, at)
		if err != nil {
			bad = cmp.Or(bad, fmt.Errorf("line %d of the signers %w", n, err))
		} else if names != "" {
			return names, nil
		}
	}
	return "", cmp.Or(lines.Err(), bad)
}

// signerOf is the names for which a line permits the key, "" where there are none.
func signerOf(line string, key ssh.PublicKey, at time.Time) (string, error) {
	principals, rest := cutPrincipals(line)
	found, _, restricted, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil || principals == "" {
		return "", errors.New("is not PRINCIPALS [OPTIONS] KEYTYPE KEY")
	}
	var options signerOptions
	if len(restricted) > 0 {
		options, err = parseSignerOptions(rest)
	}
	if err != nil || !options.permit(at) || !bytes.Equal(found.Marshal(), key.Marshal()) {
		return "", err
	}
	return acceptedNames(principals), nil
}

// cutPrincipals cuts the list of principals, which may be in quotes, from a line; it is "" where there is none.
func cutPrincipals(line string) (principals, rest string) {
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		principals, rest, _ = strings.Cut(quoted, `"`)
	} else if i := strings.IndexAny(line, " \t\""); i >= 0 && line[i] != '"' {
		principals, rest = line[:i], line[i:]
	}
	return principals, strings.TrimLeft(rest, " \t")
}

// acceptedNames are the patterns of a list that, taken as names, match the list as a whole.
func acceptedNames(list string) string {
	var names []string
	for _, name := range strings.Split(list, ",") {
		if name != "" && name[0] != '!' && matchesList(name, list) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// signerOptions are what restricts the key of a line.
type signerOptions struct {
	authority     bool // it signs certificates, and nothing by itself
	namespaces    *string
	after, before time.Time // zero where there is no such limit
}

func (o signerOptions) permit(at time.Time) bool {
	return !o.authority && (o.namespaces == nil || matchesList(Namespace, *o.namespaces)) &&
		!at.Before(o.after) && (o.before.IsZero() || !at.After(o.before))
}

// parseSignerOptions reads the options at the beginning of a text, up to the first blank outside quotes.
func parseSignerOptions(text string) (o signerOptions, err error) {
	seen := map[string]bool{}
	for {
		end := strings.IndexAny(text, "=, \t")
		if end < 0 {
			return o, errors.New("ends within its options")
		}
		name := strings.ToLower(text[:end])
		text = text[end:]
		value, quoted := "", false
		if rest, ok := strings.CutPrefix(text, `="`); ok {
			value, text, quoted = cutQuoted(rest)
		}
		if seen[name] && quoted {
			return o, fmt.Errorf("has the option %.80q twice", name)
		}
		seen[name] = true
		if err := o.set(name, value, quoted); err != nil {
			return o, err
		}
		if text == "" || text[0] == ' ' || text[0] == '\t' {
			return o, o.check()
		}
		if text[0] != ',' {
			return o, fmt.Errorf("has no comma behind the option %.80q", name)
		}
		text = text[1:]
	}
}

// cutQuoted cuts a text at the next quote that has no backslash before it.
func cutQuoted(text string) (value, rest string, closed bool) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '"':
			i++
		case text[i] == '"':
			return strings.ReplaceAll(text[:i], `\"`, `"`), text[i+1:], true
		}
	}
	return "", "", false
}

func (o *signerOptions) set(name, value string, quoted bool) (err error) {
	switch {
	case name == "cert-authority" && !quoted:
		o.authority = true
	case name == "namespaces" && quoted:
		o.namespaces = &value
	case name == "valid-after" && quoted:
		o.after, err = parseSignerTime(value)
	case name == "valid-before" && quoted:
		o.before, err = parseSignerTime(value)
	default:
		err = fmt.Errorf("has the option %.80q, which is not known or lacks its value in quotes", name)
	}
	return err
}

func (o *signerOptions) check() error {
	if !o.before.IsZero() && !o.before.After(o.after) {
		return errors.New("ends to be valid before it begins")
	}
	return nil
}

// parseSignerTime reads YYYYMMDD or YYYYMMDDHHMM[SS], of this machine's zone unless a Z follows.
func parseSignerTime(text string) (time.Time, error) {
	digits, zone := text, time.Local
	if utc, ok := strings.CutSuffix(text, "Z"); ok {
		digits, zone = utc, time.UTC
	}
	layout := map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}[len(digits)]
	t, err := time.ParseInLocation(layout, digits, zone)
	if layout == "" || err != nil {
		return t, fmt.Errorf("has the time %.80q, which is not YYYYMMDD[HHMM[SS]][Z]", text)
	}
	return t, nil
}

// matchesList reports whether a name matches a list of patterns, separated by commas: one of them, and none of those behind
// a "!". This is match_pattern_list of OpenSSH.
func matchesList(name, list string) bool {
	const tooLong = 1023 // a longer pattern spoils the list
	matched := false
	for _, pattern := range strings.Split(list, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		switch {
		case len(pattern) >= tooLong, negated && matches(name, pattern):
			return false
		case !negated && matches(name, pattern):
			matched = true
		}
	}
	return matched
}

// matches reports whether a name matches a pattern, in which * is any bytes and ? is one.
func matches(name, pattern string) bool {
	n, p := 0, 0
	star, from := -1, 0 // the last *, and where what it matches ends
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			n, p = n+1, p+1
		case star >= 0:
			from++
			n, p = from, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
