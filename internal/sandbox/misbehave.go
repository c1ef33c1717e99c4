package sandbox

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

const htmlPage = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"

// instead answers in place of the service where the fault says that nothing is done, and reports
// whether it did.
func (s *Server) instead(w http.ResponseWriter, r *http.Request, c *call, fault Fault) bool {
	switch fault.Name {
	case "outer-401":
		write(w, c.fail(http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."))
	case "outer-429":
		write(w, s.faultThrottled(c, fault))
	case "outer-503":
		write(w, s.unavailable(c, "ServiceUnavailable", fault))
	case "outer-504":
		write(w, c.fail(http.StatusGatewayTimeout, "GatewayTimeout", "The request timed out."))
	case "outer-html", "outer-html-200":
		status := http.StatusBadGateway
		if fault.Name == "outer-html-200" {
			status = http.StatusOK
		}
		write(w, answer{status: status, body: []byte(htmlPage), contentType: "text/html"})
	case "redirect":
		w.Header().Set("Location", s.opt.Foreign+r.URL.RequestURI())
		w.WriteHeader(http.StatusFound)
	case "huge":
		s.sendHuge(w)
	case "cut-before":
		panic(http.ErrAbortHandler)
	case "hang":
		hang(r)
	default:
		return false
	}
	return true
}

// sendHuge sends a JSON document that is mostly space, until the client has had enough.
func (s *Server) sendHuge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	chunk := bytes.Repeat([]byte(" "), 1<<16)
	if _, err := w.Write([]byte(`{"value":[`)); err != nil {
		return
	}
	for left := s.opt.HugeBytes; left > 0; left -= int64(len(chunk)) {
		if _, err := w.Write(chunk[:min(left, int64(len(chunk)))]); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte(`]}`))
}

// send writes an answer, damaged as fault says.
func (s *Server) send(w http.ResponseWriter, r *http.Request, a answer, fault Fault) {
	switch fault.Name {
	case "slow":
		if !pause(r.Context(), s.slowness(fault)) {
			return
		}
	case "hang-applied":
		hang(r)
	case "cut":
		panic(http.ErrAbortHandler)
	case "truncate":
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		a.body = a.body[:len(a.body)/2]
		write(w, a)
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	case "outer-424":
		a.status = http.StatusFailedDependency
	}
	write(w, a)
}

// hang never answers: it ends when the client has given up or the listener is closed.
func hang(r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

func (s *Server) slowness(fault Fault) time.Duration {
	if seconds, err := strconv.ParseFloat(fault.How, 64); err == nil {
		return time.Duration(seconds * float64(time.Second))
	}
	return s.opt.SlowFor
}

// waitAsked is the wait for which a fault asks: the header Retry-After, or the one inside Intune's message.
func (s *Server) waitAsked(fault Fault) (header, inMessage string) {
	form := fault.How
	if form == "" {
		form = s.opt.RetryAfter
	}
	switch form {
	case "-", "none":
		return "", ""
	case "message":
		return "", "1"
	case "date":
		return time.Now().UTC().Add(2 * time.Second).Format(http.TimeFormat), ""
	case "past":
		return time.Now().UTC().Add(-time.Hour).Format(http.TimeFormat), ""
	case "garbage":
		return "soon", ""
	}
	return form, ""
}

func (s *Server) faultThrottled(c *call, fault Fault) answer {
	header, inMessage := s.waitAsked(fault)
	if inMessage != "" {
		return c.throttled(inMessage, true)
	}
	return c.throttled(header, false)
}

func (s *Server) unavailable(c *call, code string, fault Fault) answer {
	header, inMessage := s.waitAsked(fault)
	a := c.intuneFail(http.StatusServiceUnavailable, code, "The service is not available.", inMessage)
	a.retryAfter = header
	return a
}

// refusal answers one write in place of the service where the fault says that it is not applied.
func (s *Server) refusal(c *call, fault Fault) (answer, bool) {
	switch fault.Name {
	case "item-429":
		return s.faultThrottled(c, fault), true
	case "item-503":
		return s.unavailable(c, "", fault), true
	case "item-504":
		return c.fail(http.StatusGatewayTimeout, "GatewayTimeout", "The request timed out."), true
	case "refuse":
		return c.intuneFail(http.StatusBadRequest, "BadRequest", "The task cannot be changed in its present state.", ""), true
	case "forbid":
		return c.intuneFail(http.StatusForbidden, "Forbidden", "The application is not permitted to change this task.", ""), true
	case "locked":
		return c.intuneFail(http.StatusLocked, "ResourceLocked", "The task is locked.", ""), true
	case "drop-item":
		return answer{}, true
	}
	return answer{}, false
}

// distort changes the answer to a write that took effect; an answer that is an error stays.
func (s *Server) distort(c *call, a answer, fault Fault) answer {
	if a.status >= http.StatusBadRequest {
		return a
	}
	switch fault.Name {
	case "item-429-applied":
		return s.faultThrottled(c, fault)
	case "item-504-applied":
		return c.fail(http.StatusGatewayTimeout, "GatewayTimeout", "The request timed out.")
	case "no-content":
		return answer{status: http.StatusNoContent}
	case "empty-item":
		return answer{status: http.StatusOK}
	case "garbage-item":
		return jsonAnswer(http.StatusOK, []byte(`"PHRleHQ+"`))
	}
	return a
}
