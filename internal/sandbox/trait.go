package sandbox

import (
	"bytes"
	"net/http"
	"regexp"
)

// Trait is a way in which a service differs from the published one without misbehaving. Traits add up.
type Trait uint8

// The traits of what a whole call answers.
const (
	OddCase    Trait = 1 << iota // members of enumerations begin with a capital
	NineDigits                   // date-times have nine fractional digits
	NoZone                       // date-times state no zone
	ETags                        // tasks have an @odata.etag
	Quota                        // headers speak of the limits
	OddHeaders                   // names of items' headers are in lower case, or in capitals
)

var (
	memberText = regexp.MustCompile(`("(?:status|priority|category|endpointSecurityPolicy|applicablePlatform|endpointSecurityPolicyProfile|mitigationType)":")([a-z])`)
	dateText   = regexp.MustCompile(`("(?:created|due)DateTime":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z")`)
	typeText   = regexp.MustCompile(`"@odata\.type":"#microsoft\.graph\.`)
)

// dress gives the body and the headers of an answer the traits.
func (t Trait) dress(header http.Header, body []byte) []byte {
	if t&OddCase != 0 {
		body = memberText.ReplaceAllFunc(body, func(m []byte) []byte {
			last := len(m) - 1
			return append(bytes.Clone(m[:last]), m[last]-'a'+'A')
		})
	}
	if t&NineDigits != 0 {
		body = dateText.ReplaceAllFunc(body, func(m []byte) []byte {
			parts := dateText.FindSubmatch(m)
			digits := append(bytes.Clone(parts[2]), ".000000000"[len(parts[2]):]...)
			return bytes.Join([][]byte{parts[1], digits, parts[3]}, nil)
		})
	}
	if t&NoZone != 0 {
		body = dateText.ReplaceAll(body, []byte(`$1$2"`))
	}
	if t&ETags != 0 {
		body = typeText.ReplaceAll(body, []byte(`"@odata.etag":"W/\"1\"",$0`))
	}
	if t&Quota != 0 {
		header.Set("RateLimit-Limit", "100")
		header.Set("RateLimit-Remaining", "17")
		header.Set("RateLimit-Reset", "20")
	}
	return body
}
