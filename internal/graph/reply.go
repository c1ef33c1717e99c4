package graph

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"taskrecon/internal/task"
)

// decodeReply reads the answers item by item, so that one of a wrong shape costs only itself. The
// outer status does not matter where the body holds answers: 424 has been seen with them.
func decodeReply(a *answer) (reply *Reply, err error) {
	if answers, unusual := ordinaryAnswers(a.body); unusual == nil {
		reply = &Reply{Answers: answers}
	} else if reply, err = anyReply(a); err != nil {
		return nil, err
	}
	for i := range reply.Answers {
		if in := &reply.Answers[i]; bytes.Equal(in.Body, withheldJSON) {
			in.Body, in.Withheld = nil, true
		}
	}
	return reply, nil
}

// anyReply reads every reply there is, and says what is wrong where there is none.
func anyReply(a *answer) (*Reply, error) {
	var doc struct {
		Responses []json.RawMessage `json:"responses"`
	}
	err := json.Unmarshal(a.body, &doc)
	if err != nil || doc.Responses == nil {
		if a.status/100 != 2 {
			return nil, a.err()
		}
		return nil, fmt.Errorf("%w: HTTP %d, %s", ErrConnection, a.status, cmp.Or(foreign(a.body), "an empty body"))
	}
	reply := &Reply{}
	for _, raw := range doc.Responses {
		var in struct {
			ID      json.RawMessage            `json:"id"`
			Status  int                        `json:"status"`
			Headers map[string]json.RawMessage `json:"headers"`
			Body    json.RawMessage            `json:"body"`
		}
		if json.Unmarshal(raw, &in) != nil {
			continue // nothing in it can be trusted, its id least: its item counts as missing
		}
		answer := Answer{ID: text(in.ID), Status: in.Status}
		for k, v := range in.Headers {
			answer.header = append(answer.header, field{k, text(v)})
		}
		if string(in.Body) != "null" {
			answer.Body = in.Body
		}
		reply.Answers = append(reply.Answers, answer)
	}
	return reply, nil
}

// text reads a JSON string, or any other scalar as it stands: ids and headers have been seen as numbers.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// replyReader reads the reply of the shape that Graph sends, in one pass. Any error means that it is to be read otherwise.
type replyReader struct {
	data []byte
	dec  *jsontext.Decoder
}

// ordinaryAnswers reads an object with one member responses, an array of answers. Their bodies are parts of data.
func ordinaryAnswers(data []byte) (answers []Answer, err error) {
	r := replyReader{data, task.Tokens(data)}
	found := false
	err = r.object(func(name []byte) error {
		if string(name) != "responses" {
			return r.skip(name, "responses")
		}
		if found {
			return task.ErrUnusual
		}
		found = true
		answers = make([]Answer, 0, MaxItems)
		return task.Elements(r.dec, func() error {
			answers = append(answers, Answer{})
			return r.answer(&answers[len(answers)-1])
		})
	})
	if err != nil || !found {
		return nil, task.ErrUnusual
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, task.ErrUnusual
	}
	return answers, nil
}

// answer reads one, each of its members at most once.
func (r *replyReader) answer(a *Answer) error {
	var id, status, headers, body bool
	first := func(seen *bool) bool {
		was := *seen
		*seen = true
		return !was
	}
	return r.object(func(name []byte) (err error) {
		switch string(name) {
		case "id":
			a.ID, err = r.plain(first(&id))
		case "status":
			a.Status, err = r.number(first(&status))
		case "headers":
			if !first(&headers) {
				return task.ErrUnusual
			}
			return r.headers(a)
		case "body":
			a.Body, err = r.value(first(&body))
			if string(a.Body) == "null" {
				a.Body = nil
			}
		default:
			return r.skip(name, "id", "status", "headers", "body")
		}
		return err
	})
}

func (r *replyReader) headers(a *Answer) error {
	a.header = make([]field, 0, 4)
	return r.object(func(name []byte) error {
		f := field{name: string(name)} // before the value is read, since name goes with it
		if slices.ContainsFunc(a.header, func(other field) bool { return other.name == f.name }) {
			return task.ErrUnusual
		}
		var err error
		f.value, err = r.plain(true)
		a.header = append(a.header, f)
		return err
	})
}

// object reads an object: f is called with each name, without quotes, before its value, which it reads.
func (r *replyReader) object(f func(name []byte) error) error {
	return task.Members(r.dec, func(quoted []byte) error {
		name, ok := unquoted(quoted)
		if !ok {
			return task.ErrUnusual
		}
		return f(name)
	})
}

// value is the next value as it stands in data. One that is not the first of its name is unusual.
func (r *replyReader) value(first bool) ([]byte, error) {
	raw, err := r.dec.ReadValue()
	if err != nil || !first {
		return nil, task.ErrUnusual
	}
	end := int(r.dec.InputOffset())
	return r.data[end-len(raw) : end : end], nil
}

func (r *replyReader) plain(first bool) (string, error) {
	raw, err := r.value(first)
	if err != nil {
		return "", err
	}
	text, ok := unquoted(raw)
	if !ok {
		return "", task.ErrUnusual
	}
	return string(text), nil
}

func (r *replyReader) number(first bool) (int, error) {
	raw, err := r.value(first)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(raw))
}

// skip passes over the value of a member with a name that is none of ours, in any case: encoding/json would take it for ours.
func (r *replyReader) skip(name []byte, ours ...string) error {
	for _, n := range ours {
		if bytes.EqualFold(name, []byte(n)) {
			return task.ErrUnusual
		}
	}
	return r.dec.SkipValue()
}

// unquoted is a JSON string without its quotes, where it stands for itself.
func unquoted(raw []byte) (text []byte, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return nil, false
	}
	text = raw[1 : len(raw)-1]
	for _, c := range text {
		if c == '\\' || c >= 0x80 {
			return nil, false
		}
	}
	return text, true
}
