package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func header(pairs ...string) func(string) string {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h.Get
}

// nested puts a document into the message of an error, as Intune does.
func nested(document string) string {
	raw, _ := json.Marshal(document)
	return `{"error":{"code":"","message":` + string(raw) + `}}`
}

func TestDecodeError(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const intune = `{"_version":3,"Message":" An error has occurred - Operation ID (for customer support): 0 - Activity ID: a ","CustomApiErrorPhrase":"","RetryAfter":%s,"ErrorSourceService":""}`
	const words = "An error has occurred - Operation ID (for customer support): 0 - Activity ID: a"
	all := header("request-id", "h-req", "client-request-id", "h-mine", "Date", "h-date")
	cases := []struct {
		name   string
		status int
		header func(string) string
		body   string
		want   Error
	}{
		{"plain", 400, all, `{"error":{"code":"BadRequest","message":"no good"}}`, Error{400, "BadRequest", "no good", "h-req", "h-mine", "h-date", -1}},
		{"innerError", 400, all, `{"error":{"code":"c","message":"m","innerError":{"request-id":"b-req","client-request-id":"b-mine","date":"b-date"}}}`, Error{400, "c", "m", "b-req", "b-mine", "b-date", -1}},
		{"innererror", 400, header(), `{"error":{"code":"c","message":"m","innererror":{"request-id":"b-req","client-request-id":"b-mine","date":"b-date"}}}`, Error{400, "c", "m", "b-req", "b-mine", "b-date", -1}},
		{"innerError in part", 400, all, `{"error":{"code":"c","message":"m","innerError":{"client-request-id":"b-mine"}}}`, Error{400, "c", "m", "h-req", "b-mine", "h-date", -1}},
		{"innerError null", 400, all, `{"error":{"code":"c","message":"m","innerError":null}}`, Error{400, "c", "m", "h-req", "h-mine", "h-date", -1}},
		{"details", 400, header(), `{"error":{"code":"c","message":"m","details":[{"code":"d","message":"first"},{"message":"m"},{}]}}`, Error{Status: 400, Code: "c", Message: "m; first", RetryAfter: -1}},
		{"Intune's own form", 400, header(), `{"ErrorCode":"Forbidden","Message":"{\"_version\":3,\"Message\":\"words\"}","InnerError":null}`, Error{Status: 400, Code: "Forbidden", Message: "words", RetryAfter: -1}},
		{"no code", 500, header(), `{"error":{"code":"","message":"m"}}`, Error{Status: 500, Message: "m", RetryAfter: -1}},
		{"no message", 500, header(), `{"error":{"code":"c","message":null}}`, Error{Status: 500, Code: "c", RetryAfter: -1}},
		{"a message that is no string", 500, header(), `{"error":{"code":"c","message":{"lang":"en","value":"m"}}}`, Error{Status: 500, Code: "c", Message: `{"lang":"en","value":"m"}`, RetryAfter: -1}},
		{"Intune's", 500, header(), nested(fmt.Sprintf(intune, "null")), Error{Status: 500, Message: words, RetryAfter: -1}},
		{"Intune's, with a wait", 429, header(), nested(fmt.Sprintf(intune, "12")), Error{Status: 429, Message: words, RetryAfter: 12 * time.Second}},
		{"Intune's, with a wait in words", 429, header(), nested(fmt.Sprintf(intune, `"0.5"`)), Error{Status: 429, Message: words, RetryAfter: 500 * time.Millisecond}},
		{"Intune's, with a senseless wait", 429, header(), nested(fmt.Sprintf(intune, `{"a":1}`)), Error{Status: 429, Message: words, RetryAfter: -1}},
		{"Intune's, with a huge wait", 429, header(), nested(fmt.Sprintf(intune, `1e300`)), Error{Status: 429, Message: words, RetryAfter: LongestWait}},
		{"Intune's, with a date by the service's clock", 429, header("Date", "Fri, 02 Jan 2026 05:00:00 GMT"), nested(fmt.Sprintf(intune, `"Fri, 02 Jan 2026 05:00:10 GMT"`)), Error{Status: 429, Message: words, Date: "Fri, 02 Jan 2026 05:00:00 GMT", RetryAfter: 10 * time.Second}},
		{"Intune's, with a date gone by", 429, header(), nested(fmt.Sprintf(intune, `"Fri, 02 Jan 2026 03:00:00 GMT"`)), Error{Status: 429, Message: words, RetryAfter: -1}},
		{"the header's wait comes first", 429, header("Retry-After", "3"), nested(fmt.Sprintf(intune, "12")), Error{Status: 429, Message: words, RetryAfter: 3 * time.Second}},
		{"Intune's without words", 500, header(), nested(`{"_version":3,"Message":""}`), Error{Status: 500, Message: `{"_version":3,"Message":""}`, RetryAfter: -1}},
		{"broken inside", 500, header(), nested(`{"_version":3,`), Error{Status: 500, Message: `{"_version":3,`, RetryAfter: -1}},
		{"HTML", 502, header("Retry-After", "1"), "<html>\n  <h1>Bad\tGateway</h1>", Error{Status: 502, Message: `the answer is not Graph's JSON: "<html> <h1>Bad Gateway</h1>"`, RetryAfter: time.Second}},
		{"terminal tricks", 502, header(), "\x1b[2J", Error{Status: 502, Message: `the answer is not Graph's JSON: "\x1b[2J"`, RetryAfter: -1}},
		{"JSON of another kind", 429, header(), `{"statusCode":429,"message":"wait"}`, Error{Status: 429, Message: `the answer is not Graph's JSON: "{\"statusCode\":429,\"message\":\"wait\"}"`, RetryAfter: -1}},
		{"an error that is no object", 400, header(), `{"error":"invalid_grant"}`, Error{Status: 400, Message: `the answer is not Graph's JSON: "{\"error\":\"invalid_grant\"}"`, RetryAfter: -1}},
		{"nothing", 503, header("Retry-After", "Fri, 02 Jan 2026 03:04:15 GMT"), "", Error{Status: 503, RetryAfter: 10 * time.Second}},
	}
	for _, c := range cases {
		if got := DecodeError(c.status, c.header, []byte(c.body), now); *got != c.want {
			t.Errorf("%s:\n%+v; want\n%+v", c.name, *got, c.want)
		}
	}
	long := DecodeError(500, header(), []byte(nested(strings.Repeat("ü", 5000))), now)
	if n := utf8.RuneCountInString(long.Message); n != 1001 || !strings.HasSuffix(long.Message, "ü…") {
		t.Errorf("of a message of 5000 letters %d are kept", n)
	}
}

func TestErrorText(t *testing.T) {
	for want, e := range map[string]Error{
		"HTTP 404 Not Found, ResourceNotFound: gone (request-id r)": {Status: 404, Code: "ResourceNotFound", Message: "gone", RequestID: "r"},
		"HTTP 509":             {Status: 509},
		"HTTP 423 Locked: m":   {Status: 423, Message: "m"},
		"HTTP 409 Conflict, c": {Status: 409, Code: "c"},
	} {
		if e.Error() != want {
			t.Errorf("%q; want %q", e.Error(), want)
		}
	}
}

func TestBusy(t *testing.T) {
	passing := []int{408, 429, 500, 502, 503, 504, 509}
	for status := range 600 {
		err := fmt.Errorf("wrapped: %w", &Error{Status: status})
		if Busy(err) != slices.Contains(passing, status) {
			t.Errorf("HTTP %d: busy is %t", status, Busy(err))
		}
	}
	if Busy(nil) || Busy(ErrConnection) {
		t.Error("what is no refusal counts as one")
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0.249": 249 * time.Millisecond, "315": 315 * time.Second, " 5 ": 5 * time.Second, "0": 0, "-0": 0, "1e-3": time.Millisecond,
		"900": LongestWait, "901": LongestWait, "1e9": LongestWait, "1e300": LongestWait, "Inf": LongestWait,
		"-1": -1, "-0.5": -1, "-Inf": -1, "NaN": -1, "": -1, " ": -1, "soon": -1, "5s": -1, "00:00:05": -1, "5, 10": -1,
		"Fri, 02 Jan 2026 03:05:05 GMT":   time.Minute,
		"Friday, 02-Jan-26 03:04:06 GMT":  time.Second,
		"Fri Jan  2 03:04:07 2026":        2 * time.Second,
		"Fri, 02 Jan 2026 03:04:05 GMT":   -1,
		"Fri, 02 Jan 2026 03:04:04 GMT":   -1,
		"Thu, 01 Jan 1970 00:00:00 GMT":   -1,
		"Sat, 03 Jan 2026 03:04:05 GMT":   LongestWait,
		"Fri, 31 Dec 9999 23:59:59 GMT":   LongestWait,
		"Fri, 02 Jan 2026 03:04:15 +0000": -1,
		"2026-01-02T03:05:05Z":            -1,
	} {
		got := retryAfter(value, now)
		if want < 0 && got >= 0 || want >= 0 && got.Round(time.Microsecond) != want {
			t.Errorf("RetryAfter(%q) = %s; want %s", value, got, want)
		}
	}
}

// A date by the service's clock says how long to wait however wrong this machine's clock is, within the answer that shows it.
func TestRetryAfterByTheServicesClock(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", "Fri, 02 Jan 2026 03:04:05 GMT")
		w.Header().Set("Retry-After", "Fri, 02 Jan 2026 03:04:12 GMT")
		if r.Method == "GET" {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		io.WriteString(w, `{"responses":[{"id":"1","status":429,"headers":{"Retry-After":"Fri, 02 Jan 2026 03:04:35 GMT"}},
			{"id":"2","status":429,"headers":{"date":"Fri, 02 Jan 2026 03:04:30 GMT","retry-after":"Fri, 02 Jan 2026 03:04:35 GMT"}},
			{"id":"3","status":429,"headers":{"Retry-After":"Fri, 02 Jan 2026 03:00:00 GMT"}}]}`)
	})
	c := s.client(t, Config{})
	_, err := firstPage(ctxOf(t), c)
	var refused *Error
	if !errors.As(err, &refused) || refused.RetryAfter != 7*time.Second {
		t.Errorf("%+v; want to wait 7 s", err)
	}
	reply, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}})
	if err != nil || reply.RetryAfter != 7*time.Second {
		t.Fatalf("%+v, %v", reply, err)
	}
	for i, want := range []time.Duration{30 * time.Second, 5 * time.Second, -1} {
		if got := reply.Answers[i].Err().RetryAfter; got != want {
			t.Errorf("item %d: wait %s, want %s", i+1, got, want)
		}
	}
}

func TestPause(t *testing.T) {
	for _, asked := range []time.Duration{0, time.Millisecond, LongestWait} {
		if got := Pause(asked, 3); got != asked {
			t.Errorf("asked for %s, pauses %s", asked, got)
		}
	}
	for attempt, middle := range map[int]time.Duration{
		-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 6: 32 * time.Second, 7: time.Minute, 8: time.Minute, 36: time.Minute, 1 << 40: time.Minute,
	} {
		least, most := 2*middle, time.Duration(0)
		for range 500 {
			d := Pause(-1, attempt)
			least, most = min(least, d), max(most, d)
		}
		if least < middle*3/4 || most > middle*5/4 {
			t.Errorf("after attempt %d: %s to %s; want a quarter around %s", attempt, least, most, middle)
		}
		if most-least < middle/4 {
			t.Errorf("after attempt %d: %s to %s is hardly any jitter", attempt, least, most)
		}
	}
}

func FuzzDecodeError(f *testing.F) {
	for _, s := range []string{"", "{}", "null", "[]", "<html>\x00", `{"error":{}}`, `{"error":{"message":[1]}}`, nested(`{"Message":"m","RetryAfter":"Fri, 02 Jan 2026 03:04:15 GMT"}`), nested(`{"RetryAfter":-1e400}`)} {
		f.Add(429, "1", []byte(s))
		f.Add(0, s, []byte(s))
	}
	now := time.Now()
	f.Fuzz(func(t *testing.T, status int, value string, body []byte) {
		e := DecodeError(status, func(string) string { return value }, body, now)
		if e.Status != status || e.RetryAfter > LongestWait || e.Error() == "" {
			t.Fatalf("%+v", e)
		}
		if n := utf8.RuneCountInString(e.Message); n > 8000 {
			t.Fatalf("a message of %d letters", n)
		}
	})
}

func TestTooLarge(t *testing.T) {
	for _, c := range []struct {
		status     int
		code, said string
		want       bool
	}{
		{413, "", "", true},
		{400, "BadRequest", "Number of requests inside batch exceeds the limit.", true},
		{400, "RequestEntityTooLarge", "", true},
		{400, "BadRequest", "The request body is too large.", true},
		{400, "BadRequest", "The batch exceeds the maximum size of 4 MB", true},
		{400, "BadRequest", "Request Ids must be unique", false},
		{400, "BadRequest", "", false},
		{403, "RequestEntityTooLarge", "too large", false},
		{429, "TooManyRequests", "the limit is exceeded", false},
	} {
		e := &Error{Status: c.status, Code: c.code, Message: c.said}
		if got := e.TooLarge(); got != c.want {
			t.Errorf("%v: too large: %t, want %t", e, got, c.want)
		}
	}
}
