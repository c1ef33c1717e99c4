package graph

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/task"
)

// Error is an answer by which Graph refused a request: a call of its own or an item of a $batch.
// Decide by Status; Code can be empty and Message is for people.
type Error struct {
	Status          int
	Code            string
	Message         string // unwrapped from the JSON document that Intune puts into a string
	RequestID       string
	ClientRequestID string
	Date            string        // of the server, as it wrote it
	RetryAfter      time.Duration // how long the service asks to wait; negative when it does not say
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP %d", e.Status)
	if text := http.StatusText(e.Status); text != "" {
		b.WriteString(" " + text)
	}
	if e.Code != "" {
		b.WriteString(", " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.RequestID != "" {
		b.WriteString(" (request-id " + e.RequestID + ")")
	}
	return b.String()
}

// TooLarge reports whether the error, that of a whole call, refuses its size, so that a smaller call may pass: 413, or a 400
// whose words say so.
func (e *Error) TooLarge() bool {
	said := strings.ToLower(e.Code + " " + e.Message)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) })
	}
	return e.Status == http.StatusRequestEntityTooLarge ||
		e.Status == http.StatusBadRequest && (has("too large", "toolarge") || has("exceed") && has("size", "length", "limit", "maximum"))
}

// Throttled reports whether err is, or wraps, an answer 429: too many requests.
func Throttled(err error) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests
}

// Busy reports whether err is, or wraps, an answer by which the service refused to be read for a reason that may pass.
func Busy(err error) bool {
	var refused *Error
	if !errors.As(err, &refused) || errors.Is(err, errPageGone) {
		return refused != nil
	}
	switch refused.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout, 509:
		return true
	}
	return false
}

// DecodeError reads the error in a body, if it holds one in Graph's form; whatever it holds, the
// status and what the headers say are in the result. Header names match in any case.
func DecodeError(status int, header func(string) string, body []byte, now time.Time) *Error {
	e := &Error{
		Status: status, RequestID: header("request-id"), ClientRequestID: header("client-request-id"),
		Date: header("Date"), RetryAfter: AskedWait(header, now),
	}
	type inner struct {
		RequestID       string `json:"request-id"`
		ClientRequestID string `json:"client-request-id"`
		Date            string `json:"date"`
	}
	var doc struct {
		Error *struct {
			Code    string          `json:"code"`
			Message json.RawMessage `json:"message"`
			Inner   inner           `json:"innerError"` // encoding/json matches "innererror" too
			Details []detail        `json:"details"`
		} `json:"error"`
		Code    string `json:"ErrorCode"` // Intune's own form has these two at the top
		Message string `json:"Message"`
	}
	switch {
	case json.Unmarshal(body, &doc) != nil || doc.Error == nil && doc.Code == "":
		e.Message = foreign(body)
		return e
	case doc.Error == nil:
		e.Code = doc.Code
		e.unwrap(doc.Message, clock(header, now))
		return e
	}
	e.Code = doc.Error.Code
	in := doc.Error.Inner
	e.RequestID = cmp.Or(in.RequestID, e.RequestID)
	e.ClientRequestID = cmp.Or(in.ClientRequestID, e.ClientRequestID)
	e.Date = cmp.Or(in.Date, e.Date)
	var message string
	if json.Unmarshal(doc.Error.Message, &message) != nil {
		message = string(doc.Error.Message)
	}
	e.unwrap(message, clock(header, now))
	for _, d := range doc.Error.Details {
		if words := strings.TrimSpace(d.Message); words != "" && !strings.Contains(e.Message, words) {
			e.Message = clip(strings.TrimPrefix(e.Message+"; "+words, "; "))
		}
	}
	return e
}

// detail is one of the particulars that an error of Graph can have.
type detail struct {
	Message string `json:"message"`
}

// Advice is what to do about an error that means the set-up and not trouble; "" where it does not.
func (e *Error) Advice() string {
	if e.Status == http.StatusBadRequest && strings.Contains(strings.ToLower(e.Message), "not applicable to target tenant") {
		return "the tenant has no Intune licence, or no MDM authority is set in it: asking again cannot help"
	}
	return ""
}

// unwrap takes the words, and the wait, out of the document that Intune nests in its message.
func (e *Error) unwrap(message string, now time.Time) {
	var doc struct {
		Message    string `json:"Message"`
		RetryAfter any    `json:"RetryAfter"`
	}
	e.Message = clip(strings.TrimSpace(message))
	if !strings.HasPrefix(strings.TrimSpace(message), "{") || json.Unmarshal([]byte(message), &doc) != nil {
		return
	}
	if doc.Message != "" {
		e.Message = clip(strings.TrimSpace(doc.Message))
	}
	if e.RetryAfter < 0 && doc.RetryAfter != nil {
		e.RetryAfter = retryAfter(fmt.Sprint(doc.RetryAfter), now)
	}
}

// LongestWait is the most that AskedWait returns: a service that asks for more is asked again after it.
const LongestWait = 15 * time.Minute

// AskedWait is the wait that the headers of an answer ask for, negative when they do not say, or say nothing that makes sense. A wait until
// some time is measured by the service's clock, which may show another time than now.
func AskedWait(header func(string) string, now time.Time) time.Duration {
	return retryAfter(header("Retry-After"), clock(header, now))
}

// clock is the time that an answer shows; now if it shows none.
func clock(header func(string) string, now time.Time) time.Time {
	if at := ServerDate(header("Date")); !at.IsZero() {
		return at
	}
	return now
}

// retryAfter reads the header's value: seconds, whole or fractional, or an HTTP date, which is worth nothing unless it is after now.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return -1
	}
	if s, err := strconv.ParseFloat(value, 64); err == nil {
		switch {
		case s != s || s < 0:
			return -1
		case s > LongestWait.Seconds():
			return LongestWait
		}
		return time.Duration(s * float64(time.Second))
	}
	if t, err := http.ParseTime(value); err == nil && t.After(now) {
		return min(t.Sub(now), LongestWait)
	}
	return -1
}

// ServerDate reads a date as the service writes it: that of an HTTP header, or the one inside an error, which has no zone and is
// in UTC. It returns the zero time for anything else.
func ServerDate(text string) time.Time {
	text = strings.TrimSpace(text)
	if t, err := http.ParseTime(text); err == nil {
		return t.UTC()
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		t, err := time.Parse(layout, text)
		if t = t.UTC(); err == nil && t.Year() >= 0 && t.Year() <= 9999 { // the offset may lead out of the years that JSON knows
			return t
		}
	}
	return time.Time{}
}

// foreign describes a body that is not Graph's JSON, such as a proxy's HTML page.
func foreign(body []byte) string {
	text := strings.Join(strings.Fields(string(body)), " ")
	switch {
	case text == "":
		return ""
	case strings.Contains(text, task.Withheld):
		return task.Withheld
	}
	return "the answer is not Graph's JSON: " + strconv.QuoteToGraphic(clip(text))
}

func clip(s string) string {
	const most = 1000
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
