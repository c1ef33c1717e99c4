package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// fail makes an error as Graph itself words it: a plain message.
func (c *call) fail(status int, code, message string) answer {
	return c.failure(status, code, message, "innerError")
}

// intuneFail makes an error as Intune words it: a JSON document inside the message. An empty
// retryAfter is null there.
func (c *call) intuneFail(status int, code, message, retryAfter string) answer {
	after := "null"
	if retryAfter != "" {
		after = encode(retryAfter)
	}
	message = fmt.Sprintf("%s - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000"+
		" - Activity ID: %s - Url: https://fef.sandbox.manage.microsoft.com/DeviceAppManagement_2606/StatelessDeviceAppManagementFEService/deviceAppManagement/deviceAppManagementTasks", message, c.requestID)
	nested := strings.Join([]string{
		"{",
		`  "_version": 3,`,
		`  "Message": ` + encode(message) + ",",
		`  "CustomApiErrorPhrase": "",`,
		`  "RetryAfter": ` + after + ",",
		`  "ErrorSourceService": "",`,
		`  "HttpHeaders": "{}"`,
		"}",
	}, "\r\n")
	return c.failure(status, code, nested, "innererror")
}

func (c *call) failure(status int, code, message, inner string) answer {
	body := fmt.Sprintf(`{"error":{"code":%s,"message":%s,"%s":{"date":%s,"request-id":%s,"client-request-id":%s}}}`,
		encode(code), encode(message), inner,
		encode(c.now().Format("2006-01-02T15:04:05")), encode(c.requestID), encode(c.clientRequestID))
	return jsonAnswer(status, []byte(body))
}

const (
	bandwidthExceeded = 509 // has no name in net/http
	tooMany           = "Too many requests have been made. Please try again later."
)

// usual are the codes and messages of the errors that have some of their own; others are named by their status.
var usual = map[int]struct{ code, message string }{
	http.StatusBadRequest:            {"BadRequest", "The task cannot be changed in its present state."},
	http.StatusUnauthorized:          {"InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."},
	http.StatusForbidden:             {"Forbidden", "The application is not permitted to change this task."},
	http.StatusNotFound:              {"ResourceNotFound", "The task was not found."},
	http.StatusRequestEntityTooLarge: {"RequestEntityTooLarge", "The request body is too large."},
	http.StatusLocked:                {"ResourceLocked", "The task is locked."},
	http.StatusTooManyRequests:       {"TooManyRequests", tooMany},
	bandwidthExceeded:                {"BandwidthLimitExceeded", tooMany},
	http.StatusServiceUnavailable:    {"ServiceUnavailable", "The service is not available."},
	http.StatusGatewayTimeout:        {"GatewayTimeout", "The request timed out."},
}

// failed makes the error that was decided on.
func (c *call) failed(d Decision) answer {
	u, ok := usual[d.Status]
	if !ok {
		u.code, u.message = strings.ReplaceAll(http.StatusText(d.Status), " ", ""), "The request could not be completed."
	}
	message := cmp.Or(d.Message, u.message)
	if d.Echo == EchoMessage {
		message += " " + echoMark
	}
	if c.itemID != "" && d.Status == http.StatusServiceUnavailable {
		u.code = ""
	}
	switch {
	case asksToWait(d.Status):
		header, inMessage := c.waitAsked(d.RetryAfter)
		a := c.intuneFail(d.Status, u.code, message, inMessage)
		a.retryAfter = header
		return a
	case d.Message != "", d.Status == http.StatusUnauthorized, d.Status == http.StatusRequestEntityTooLarge, d.Status == http.StatusGatewayTimeout:
		return c.fail(d.Status, u.code, message)
	}
	return c.intuneFail(d.Status, u.code, message, "")
}

// asksToWait reports whether an error of a status says how long to wait.
func asksToWait(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == bandwidthExceeded
}

// waitForms are the forms of Retry-After beside seconds.
var waitForms = []string{"date", "past", "message", "garbage", "none"}

// waitAsked is the wait for which an error asks: the header Retry-After, or the one inside Intune's message.
func (c *call) waitAsked(form string) (header, inMessage string) {
	switch form {
	case "none":
		return "", ""
	case "message":
		return "", "1"
	case "date":
		return c.now().Add(2 * time.Second).Format(http.TimeFormat), ""
	case "past":
		return c.now().Add(-time.Hour).Format(http.TimeFormat), ""
	case "garbage":
		return "soon", ""
	}
	return form, ""
}

func (c *call) notFound() answer {
	return c.intuneFail(http.StatusNotFound, "ResourceNotFound", "The task "+c.id+" was not found.", "")
}

// badf makes the error that becomes the message of a 400, worded as the service words it.
func badf(format string, args ...any) error { return serviceMessage(fmt.Sprintf(format, args...)) }

type serviceMessage string

func (m serviceMessage) Error() string { return string(m) }

func (c *call) badRequest(err error) answer {
	return c.fail(http.StatusBadRequest, "BadRequest", err.Error())
}

// encode writes v, a value that always encodes, as JSON without escaping for HTML.
func encode(v any) string {
	if text, ok := v.(string); ok && isPlain(text) {
		return `"` + text + `"`
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
