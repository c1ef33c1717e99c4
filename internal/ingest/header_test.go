package ingest_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/ingest"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestMatchHeader(t *testing.T) {
	for _, tt := range []struct{ header, want string }{
		{"id", "=id"},
		{"ID", "=id"},
		{" Task ID ", "=id"},
		{"task_id", "=id"},
		{"Assigned To", "=assignedTo"},
		{"due-date_TIME", "=dueDateTime"},
		{"Created Date Time", "=createdDateTime"},
		{"Assigned to:", "~assignedTo"},
		{"Insight", "~insights"},
		{"Stauts", "~status"},
		{"Statu", "~status"},
		{"Due date", "~dueDateTime"},
		{"Assigned", "~assignedTo"},
		{"Descripton", "~description"},
		{"Creator note", "~creatorNotes"},
		{"ID:", "~id"},
		{"Task IDs", "~id"},
		{"Managed Devices Count", "~managedDeviceCount"},
		{"Title", ""},
		{"Owner", ""},
		{"Notes", ""},
		{"Comment", ""},
		{"Ticket", ""},
		{"Row", ""},
		{"Outcome", ""},
		{"Reason", ""},
		{"Department", ""},
		{"Creation", ""},
		{"Created", ""},
		{"UID", ""},
		{"In", ""},
		{"Request ID", ""},
		{"Error code", ""},
		{"HTTP status", ""},
		{"Device ID", ""},
		{"Task", ""},
		{"Platform", ""},
		{"Managed", ""},
		{"Message", ""},
	} {
		if got := headerMeaning(t, tt.header); got != tt.want {
			t.Errorf("header %q: got %q, want %q", tt.header, got, tt.want)
		}
	}
}

// headerMeaning is what a header is taken for: "=id", a property's "=name", "~" and what it is near to, or "".
func headerMeaning(t *testing.T, header string) string {
	if in := readText(t, header+",status\na,active\n"); in.IDColumn == 1 {
		return "=id"
	}
	got := messages(readText(t, "id,"+header+"\na,#N/A\n")) + strings.Join(readText(t, "id,"+header+"\na,\n").Notices, "")
	switch m := regexp.MustCompile(`(?:did you mean "|2:2: )(\w+)|^.*(createdDateTime) is read-only`).FindStringSubmatch(got); {
	case m == nil:
		return ""
	case strings.Contains(got, "did you mean"):
		return "~" + m[1]
	default:
		return "=" + m[1] + m[2]
	}
}

func TestHeaderProblems(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"near miss", "id,Insight\n1,x\n", `in.csv:1:2: column "Insight" is not a property; did you mean "insights"? If it is a column of your own, say --own-columns "Insight"`},
		{"twice", "id,status,Status\n1,active,active\n", `in.csv:1:3: status has two columns, B and C; keep one of them`},
		{"pair twice", "id,intendedSettings.A,Intended Settings.A\n1,x,x\n", `in.csv:1:3: intendedSettings.A has two columns, B and C; keep one of them`},
		{"id twice", "id,Task ID\n1,1\n", `in.csv:1:2: id has two columns, A and B; keep one of them`},
		{"in brackets", "id,dueDateTime (UTC),status\n1,2026-01-01,active\n", `in.csv:1:2: column "dueDateTime (UTC)" is not a property; did you mean "dueDateTime"? If it is a column of your own, say --own-columns "dueDateTime (UTC)"`},
		{"a short name", "id,Due,status\n1,2026-01-01,active\n", `in.csv:1:2: column "Due" is not a property; did you mean "dueDateTime"? If it is a column of your own, say --own-columns "Due"`},
		{"a short name in brackets", "id,status,Assignee [mail]\n1,active,x\n", `in.csv:1:3: column "Assignee [mail]" is not a property; did you mean "assignedTo"? If it is a column of your own, say --own-columns "Assignee [mail]"`},
		{"a quoted header", "\"id,status\"\n\"1,active\"\n", "in.csv:1: the whole header is in one quoted cell; write the file again with quotes around single cells, or without any"},
		{"no id", "status,Owner\nactive,me\n", `in.csv:1: no column is named id, so no row can be matched to a task; columns seen: "status", "Owner"`},
	} {
		in := readText(t, tt.text)
		if got := messages(in); got != tt.want || in.HeaderProblems != 1 {
			t.Errorf("%s: got %d header problems\n%s\nwant\n%s", tt.name, in.HeaderProblems, got, tt.want)
		}
		for _, notice := range in.Notices {
			if strings.Contains(notice, "are not properties") {
				t.Errorf("%s: %s", tt.name, notice)
			}
		}
	}
}

// TestSilentFile: a file that cannot ask for anything is refused, since it would seem to be carried out.
func TestSilentFile(t *testing.T) {
	const noColumn = "no column can ask for anything: none but id is named after a property that can be set; columns seen: "
	const noRow = "in.csv:1: no row is below the header, so nothing is asked for"
	for _, tt := range []struct{ name, text, want string }{
		{"own columns", "id,Owner,createdDateTime\n1,me,2020-01-01\n", "in.csv:1: " + noColumn + `"id", "Owner", "createdDateTime"`},
		{"id alone", "id\n1\n", "in.csv:1: " + noColumn + `"id"`},
		{"note alone", "id,note\n1,x\n", "in.csv:1: " + noColumn + `"id", "note"`},
		{"no row", "id,status\n", noRow},
		{"blank rows", "id,status\n,\n\n ,\n", noRow},
		{"neither", "id\n", "in.csv:1: " + noColumn + `"id"` + "\n" + noRow},
		{"a near miss is mistake enough", "id,Stauts\n1,active\n", `in.csv:1:2: column "Stauts" is not a property; did you mean "status"? If it is a column of your own, say --own-columns "Stauts"`},
		{"a single setting", "id,intendedSettings.A\n1,x\n", ""},
		{"blank cells", "id,status\n1,\n", ""},
	} {
		in := readText(t, tt.text)
		if got := messages(in); got != tt.want || (in.HeaderProblems > 0) != (tt.want != "") {
			t.Errorf("%s: got %d header problems\n%s\nwant\n%s", tt.name, in.HeaderProblems, got, tt.want)
		}
	}
}

func TestSecondColumnIsNoColumnOfTheUsersOwn(t *testing.T) {
	in := readText(t, "id,assignedTo,Ticket,Assigned To\na,x@y.z,T1,z@y.z\n")
	if got := messages(in); got != "in.csv:1:4: assignedTo has two columns, B and D; keep one of them" {
		t.Error(got)
	}
	if got := strings.Join(in.Notices, "\n"); got != `these columns are not properties and are not sent: "Ticket"` {
		t.Errorf("notices:\n%s", got)
	}
}

func TestRowsAreCheckedUnderABadHeader(t *testing.T) {
	in := readText(t, "Insight,status\nx,actve\n")
	if got := messages(in); in.HeaderProblems != 2 || len(in.Problems) != 3 || !strings.Contains(got, `in.csv:2:2: status "actve" is not a status; did you mean "active"?`) {
		t.Errorf("%d header problems:\n%s", in.HeaderProblems, got)
	}
}

func TestOwnColumnsAreNamedAndCarried(t *testing.T) {
	in := readText(t, "id,Ticket,,createdDateTime,Outcome,Reason,Error code,HTTP status,Request ID,status\na,T1,loose,2020-01-01,failed,r,e,404,q,\n")
	if len(in.Problems) > 0 {
		t.Fatal(messages(in))
	}
	want := []string{
		"createdDateTime is read-only; its column is ignored",
		`these columns are not properties and are not sent: "Ticket", C (no header), "Outcome", "Reason", "Error code", "HTTP status", "Request ID"`,
	}
	if got := strings.Join(in.Notices, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("notices:\n%s", got)
	}
	if got := strings.Join(in.Rows[0].Desired.Cells(), "|"); got != "a|T1|loose|2020-01-01|failed|r|e|404|q|" {
		t.Errorf("cells %q", got)
	}
	if asks(&in.Rows[0].Desired) {
		t.Error("a read-only or own column became a wish")
	}
}

func TestNoteIsNoColumnOfTheUsersOwnWhereItIsSent(t *testing.T) {
	for sent, want := range map[bool]string{true: `"Ticket"`, false: `"Ticket", "Note"`} {
		in, err := readWith(t, "id,status,Ticket,Note\na,active,1,2\n", ingest.Options{Notes: sent})
		must(t, err)
		if got := strings.Join(in.Notices, "\n"); got != "these columns are not properties and are not sent: "+want {
			t.Errorf("sent %v: %q", sent, got)
		}
	}
}

// TestHugeHeader: a header takes time in proportion to its length, also where its cells are as long as a cell may be.
func TestHugeHeader(t *testing.T) {
	started := time.Now()
	wide := strings.Repeat(","+strings.Repeat("assignedTo", 500), 1900)
	in := readText(t, "id,status"+wide+"\na,active"+strings.Repeat(",", 1900)+"\n")
	if len(in.Problems) > 0 {
		t.Error(messages(in))
	}
	if in := readText(t, "id,status\na,"+strings.Repeat("active", 150_000)+"\n"); !strings.Contains(messages(in), "is not a status (") {
		t.Error(messages(in))
	}
	if took := time.Since(started); took > 60*time.Second { // minutes, where each is compared with each name
		t.Errorf("it took %s", took)
	}
	for _, lead := range []string{"", "intendedSettings."} {
		in := readText(t, "id,status,"+lead+strings.Repeat("x", 1<<20)+"x\na,active,1\n")
		if got := messages(in); !strings.HasPrefix(got, "in.csv:1:3: the cell holds 10485") || in.HeaderProblems != 1 {
			t.Error(got)
		}
	}
	in = readText(t, "id,intendedSettings."+strings.Repeat("x", 256)+"\na,1\n")
	if len(in.Problems) > 0 || !asks(&in.Rows[0].Desired) {
		t.Errorf("a long name of a setting is refused: %s", messages(in))
	}
}
