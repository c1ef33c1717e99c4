package sandbox

import (
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
		encode(time.Now().UTC().Format("2006-01-02T15:04:05")), encode(c.requestID), encode(c.clientRequestID))
	return jsonAnswer(status, []byte(body))
}

// throttled is a 429. The wait stands in the header, or only inside Intune's message.
func (c *call) throttled(after string, inMessage bool) answer {
	const message = "Too many requests have been made. Please try again later."
	if inMessage {
		return c.intuneFail(http.StatusTooManyRequests, "TooManyRequests", message, after)
	}
	a := c.intuneFail(http.StatusTooManyRequests, "TooManyRequests", message, "")
	a.retryAfter = after
	return a
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
