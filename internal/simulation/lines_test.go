package simulation

import (
	"bytes"
	"encoding/json"
	"time"
)

// line is a line of a ledger, read without the program's own reader.
type line struct {
	Kind            string          `json:"kind"`
	Index           int             `json:"index"`
	ID              string          `json:"id"`
	Edits           []lineEdit      `json:"edits"`
	Outcome         string          `json:"outcome"`
	Reason          string          `json:"reason"`
	SameAs          *int            `json:"sameAs"`
	BaseRead        time.Time       `json:"baseRead"`
	ClientRequestID string          `json:"clientRequestId"`
	Changes         []int           `json:"changes"`
	Attempts        int             `json:"attempts"`
	Temporary       bool            `json:"temporary"`
	SettledAt       time.Time       `json:"settledAt"`
	SettledAfter    float64         `json:"settledAfter"`
	Overwrote       []propertyValue `json:"overwrote"`
	Planned         time.Time       `json:"planned"`
	Resumed         bool            `json:"resumed"`
	ExitCode        int             `json:"exitCode"`
	Input           struct {
		Rows int `json:"rows"`
	} `json:"input"`

	begins int // where it begins in the file
}

type propertyValue struct {
	Property string          `json:"property"`
	Value    json.RawMessage `json:"value"`
}

type lineEdit struct {
	Property string          `json:"property"`
	Before   json.RawMessage `json:"before"`
	Wanted   json.RawMessage `json:"wanted"`
}

// linesOf reads the whole lines of a ledger.
func linesOf(data []byte) []line {
	var all []line
	at := 0
	for rest := data; ; {
		text, more, whole := bytes.Cut(rest, []byte("\n"))
		if !whole {
			return all
		}
		l := line{begins: at}
		if json.Unmarshal(text, &l) != nil {
			return all
		}
		all = append(all, l)
		at += len(text) + 1
		rest = more
	}
}

// planned reports whether the plan in the leg's ledger is whole.
func (l *leg) planned() bool {
	rows, changes := -1, 0
	for _, n := range l.lines {
		switch n.Kind {
		case "run":
			if !n.Resumed {
				rows = n.Input.Rows
			}
		case "change":
			changes++
		}
	}
	return rows == changes
}

// own are the lines that this leg wrote behind the plan, and that outlived it.
func (l *leg) own() []line {
	for i, n := range l.lines {
		if n.begins >= l.disk.plan && l.disk.plan > 0 {
			return l.lines[i:]
		}
	}
	return nil
}

// plain is a value as the oracle compares it.
func plain(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return `""`
	}
	return string(raw)
}
