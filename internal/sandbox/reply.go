package sandbox

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	htmlPage = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
	garbage  = `"PHRleHQ+"`
	echoMark = "{{the access token}}" // where a body holds the token
)

// finish makes the answer that was decided on out of the service's own. An error of the service's own stays, unless nothing was to be done.
func (s *Server) finish(c *call, own answer, d Decision) answer {
	a := own
	if own.status < http.StatusBadRequest || (d.Never && d.Status != 0) {
		a = s.instead(c, own, d)
	}
	if d.Echo == EchoHeader {
		a.requestID = written(c.token, d.EchoAs)
	}
	a.body = c.echo(a.body, d)
	return a
}

func (s *Server) instead(c *call, own answer, d Decision) answer {
	status := cmp.Or(d.Status, own.status)
	switch {
	case d.Echo == EchoBody:
		return jsonAnswer(status, []byte(encode(map[string]string{"message": echoMark})))
	case status == http.StatusFound:
		a := answer{status: status, location: foreign + c.uri}
		if d.Echo == EchoLocation {
			a.location += "#" + written(c.token, d.EchoAs)
		}
		return a
	case d.Body == BodyHTML && c.itemID != "":
		return answer{status: status, body: []byte(encode([]byte(htmlPage))), contentType: "text/html"} // Graph writes it in base64
	case d.Body == BodyHTML:
		return answer{status: status, body: []byte(htmlPage), contentType: "text/html"}
	case d.Body == BodyGarbage:
		return jsonAnswer(status, []byte(garbage))
	case d.Body == BodyNone || status == http.StatusNoContent:
		return answer{status: status}
	case d.Body != BodyResponses && status >= http.StatusBadRequest:
		d.RetryAfter = cmp.Or(d.RetryAfter, s.opt.RetryAfter)
		return c.failed(d)
	}
	own.status = status
	return own
}

// echo puts the access token where the mark is in a body.
func (c *call) echo(text []byte, d Decision) []byte {
	if d.Echo == EchoNowhere {
		return text
	}
	return bytes.ReplaceAll(text, []byte(echoMark), []byte(written(c.token, d.EchoAs)))
}

// echoForms are the ways in which a token may be written, beside as it is.
var echoForms = []string{"json", "percent", "base64", "base64-1", "base64-2", "signature"}

// written is the token in one of these ways.
func written(token, form string) string {
	var b strings.Builder
	switch form {
	case "json", "percent":
		verb := map[string]string{"json": `\u%04x`, "percent": "%%%02X"}[form]
		for _, c := range []byte(token) {
			fmt.Fprintf(&b, verb, c)
		}
	case "base64", "base64-1", "base64-2":
		before := map[string]string{"base64-1": "x", "base64-2": "xx"}[form] // moves the token within its groups of three
		return base64.StdEncoding.EncodeToString([]byte(before + token))
	case "signature":
		return token[strings.LastIndex(token, ".")+1:]
	default:
		return token
	}
	return b.String()
}

// send writes an answer, when and as far as it was decided.
func (s *Server) send(w http.ResponseWriter, r *http.Request, a answer, d Decision) {
	if !pause(r.Context(), d.Slow) {
		return
	}
	switch d.Reply {
	case ReplyHangs:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case ReplyCut:
		panic(http.ErrAbortHandler)
	case ReplyTruncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		a.body = a.body[:len(a.body)/2]
		write(w, a)
		_ = http.NewResponseController(w).Flush() // what cannot be flushed is cut all the same
		panic(http.ErrAbortHandler)
	}
	if d.Body == BodyHuge {
		sendHuge(w)
		return
	}
	write(w, a)
}

// sendHuge sends a JSON document that is mostly space, until the client has had enough.
func sendHuge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	chunk := bytes.Repeat([]byte(" "), 1<<16)
	if _, err := w.Write([]byte(`{"value":[`)); err != nil {
		return
	}
	for sent := 0; sent < hugeBytes; sent += len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte(`]}`))
}
