package ledger

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// allowedSigners are files of allowed signers, in which KEY and OTHER stand for keys, with the names for which KEY may sign.
var allowedSigners = []struct{ file, names string }{
	{"alice KEY", "alice"},
	{"# who\n\n\talice\tKEY a comment\r\n", "alice"},
	{"Alice KEY", "Alice"},
	{"alice OTHER\nbob KEY", "bob"},
	{"alice,bob KEY", "alice,bob"},
	{"!alice KEY", ""},
	{"!alice,!bob KEY", ""},
	{"!* KEY", ""},
	{"*,!* KEY", ""},
	{"* KEY", "*"},
	{"*,!alice KEY", "*"},
	{"alice,!alice KEY", ""},
	{"!alice,alice,bob KEY", "bob"},
	{"alice,!bob KEY", "alice"},
	{"alice,!al* KEY", ""},
	{"alice,al?x,!a?ice KEY", "al?x"},
	{"*@contoso.com,!ops@contoso.com KEY", "*@contoso.com"},
	{"!alice KEY\nbob KEY", "bob"},
	{"alice,,bob KEY", "alice,bob"},
	{`"alice bob" KEY`, "alice bob"},
	{`"alice,!alice" KEY`, ""},
	{`al"ice KEY`, ""},
	{`alice namespaces="taskrecon" KEY`, "alice"},
	{`alice NAMESPACES="file,task*" KEY`, "alice"},
	{`alice namespaces="a b,taskrecon"  KEY`, "alice"},
	{`alice namespaces="a\"b,taskrecon" KEY`, "alice"},
	{`alice namespaces="file" KEY`, ""},
	{`alice namespaces="*,!taskrecon" KEY`, ""},
	{`alice namespaces="!file" KEY`, ""},
	{`alice namespaces="" KEY`, ""},
	{`alice namespaces=taskrecon KEY`, ""},
	{`alice namespaces="taskrecon",namespaces="*" KEY`, ""},
	{`alice namespaces="taskrecon", KEY`, ""},
	{`alice valid-after="20200101" KEY`, "alice"},
	{`alice valid-after="20990101" KEY`, ""},
	{`alice valid-before="20200101" KEY`, ""},
	{`alice valid-before="20990101120000Z" KEY`, "alice"},
	{`alice valid-after="202001011200",valid-before="20990101" KEY`, "alice"},
	{`alice valid-after="20990101",valid-before="20200101" KEY`, ""},
	{`alice valid-after="2020" KEY`, ""},
	{"alice valid-before=\"20200101\" KEY\nbob KEY", "bob"},
	{"alice cert-authority KEY", ""},
	{"alice CERT-AUTHORITY KEY\nbob KEY", "bob"},
	{"alice no-touch-required KEY", ""},
	{`alice cert-authority,namespaces="x" KEY`, ""},
	{`alice namespaces="taskrecon"x KEY`, ""},
	{"alice garbage\nbob KEY", "bob"},
	{"alice", ""},
	{"", ""},
	{strings.Repeat("a", 1022) + ",alice KEY", strings.Repeat("a", 1022) + ",alice"},
	{strings.Repeat("a", 1023) + ",alice KEY", ""},
}

func TestFindSigner(t *testing.T) {
	path, key := newKey(t)
	_, other := newKey(t)
	keys := strings.NewReplacer("KEY", strings.TrimSpace(key), "OTHER", strings.TrimSpace(other))
	sig := signed(t, path)
	for _, c := range allowedSigners {
		names, err := CheckSignature(sig, someHash, strings.NewReader(keys.Replace(c.file)))
		if names != c.names || (err == nil) != (c.names != "") {
			t.Errorf("%.80q: %.80q, %v; want %.80q", c.file, names, err, c.names)
		}
	}
}

// TestFindSignerAsSSHKeygen holds the table against the program whose rules these are.
func TestFindSignerAsSSHKeygen(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	path, key := newKey(t)
	_, other := newKey(t)
	keys := strings.NewReplacer("KEY", strings.TrimSpace(key), "OTHER", strings.TrimSpace(other))
	dir := t.TempDir()
	signers, file := filepath.Join(dir, "signers"), filepath.Join(dir, "ledger.sig")
	if err := os.WriteFile(file, signed(t, path), 0o600); err != nil {
		t.Fatal(err)
	}
	accepts := func(name string) bool {
		verify := exec.Command(keygen, "-Y", "verify", "-f", signers, "-I", name, "-n", SignatureNamespace, "-s", file)
		verify.Stdin = bytes.NewReader(signedText(someHash))
		return verify.Run() == nil
	}
	for _, c := range allowedSigners {
		if err := os.WriteFile(signers, []byte(keys.Replace(c.file)), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.names != "" {
			for _, name := range strings.Split(c.names, ",") {
				if !accepts(name) {
					t.Errorf("%.80q: ssh-keygen refuses %.80q", c.file, name)
				}
			}
			continue
		}
		for _, name := range []string{"alice", "bob"} {
			if strings.Contains(c.file, name) && accepts(name) {
				t.Errorf("%.80q: ssh-keygen accepts %q", c.file, name)
			}
		}
	}
}

func TestSignerIsValidInTime(t *testing.T) {
	_, line := newKey(t)
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	day := func(d, h int) time.Time { return time.Date(2026, 3, d, h, 0, 0, 0, time.UTC) }
	signers := `ops valid-after="20260302Z",valid-before="202603041200Z" ` + line
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{day(1, 23), ""},
		{day(2, 0), "ops"},
		{day(4, 12), "ops"},
		{day(4, 12).Add(time.Second), ""},
	} {
		if who, err := findSigner(strings.NewReader(signers), key, c.at); who != c.want || err != nil {
			t.Errorf("%s: %q, %v", c.at, who, err)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"", "", true},
		{"", "*", true},
		{"", "?", false},
		{"a", "", false},
		{"abc", "a*c", true},
		{"abcbc", "a*bc", true},
		{"abcbd", "a*bc", false},
		{"abc", "a**?c**", true},
		{"ac", "a*?c", false},
		{strings.Repeat("a", 5000), strings.Repeat("a*", 500) + "b", false},
	} {
		if got := matches(c.name, c.pattern); got != c.want {
			t.Errorf("%.20q, %.20q: %v", c.name, c.pattern, got)
		}
	}
}
