package cli

import (
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
)

func (p *program) manCommand() *cli.Command {
	return &cli.Command{
		Name: "man", Usage: "print the manual page", UsageText: "taskrecon man",
		Description: "Prints the manual page of all commands, as man reads it.\n\n" +
			"Examples:\n  taskrecon man | man -l -\n  taskrecon man >/usr/local/share/man/man1/taskrecon.1",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("man takes no arguments, but got %q", c.Args().Slice())
			}
			_, err := io.WriteString(p.stdout, manPage(p.app()))
			return err
		},
	}
}

// environment is what the program reads there beside a variable for each flag.
var environment = []struct{ name, words string }{
	{"TASKRECON_FLAG", "The value of --flag, for every flag: TASKRECON_MAX_ATTEMPTS is that of --max-attempts. A flag on the command line wins; an empty variable counts as none."},
	{tokenVariable, "The access token, a secret."},
	{workbookVariable, "The password of an encrypted workbook, a secret."},
	{secretVariable, "The secret of the application that signs in, where no flag names a file or a command for it."},
	{passwordVariable, "The password of the certificate that signs in."},
	{"AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE", "What --tenant-id, --client-id, --client-certificate and --federated-token-file do not say."},
	{"TASKRECON_STATE_DIR", "Where the lock is that keeps two runs of one account from one tenant, and what runs sent lately; another in /run/lock keeps out other accounts (default: taskrecon in XDG_STATE_HOME, or .local/state/taskrecon in HOME, or taskrecon in LOCALAPPDATA)."},
	{"NO_COLOR", "If set, log lines have no colours."},
}

var files = []struct{ name, words string }{
	{"runs/<utc>-<id>/ledger.jsonl", "What a run did, line by line. \"taskrecon apply\" goes on with it, \"taskrecon verify\" checks it."},
	{"runs/<utc>-<id>/report.xlsx", "The report of a run, which \"taskrecon report\" renders again."},
	{"runs/<utc>-<id>/undo.csv", "The sheet that takes the run back."},
	{"FILE.yaml", "The configuration file that --config names: lines of the form FLAG: VALUE, and a mapping under the name of a command for what is meant for that command alone. No file is read unless it is named. Nobody but its owner may be able to write it."},
}

// manPage is the manual page in the macros of man(7).
func manPage(app *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH TASKRECON 1 %q %q\n.ad l\n.nh\n", sourceDate(), roff("taskrecon "+version()))
	fmt.Fprintf(&b, ".SH NAME\ntaskrecon \\- %s\n", roff(app.Usage))
	b.WriteString(".SH SYNOPSIS\n")
	for i, c := range app.Commands {
		if i > 0 {
			b.WriteString(".br\n")
		}
		b.WriteString(roffLine(usageText(c)) + "\n")
	}
	b.WriteString(".SH DESCRIPTION\n")
	about, _, _ := strings.Cut(app.Description, "\n\nExample")
	roffText(&b, about)
	b.WriteString(".SH COMMANDS\n")
	for _, c := range app.Commands {
		roffCommand(&b, c)
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, m := range exit.Meanings {
		roffItem(&b, strconv.Itoa(m.Code), m.String())
	}
	b.WriteString(".SH ENVIRONMENT\n")
	for _, e := range environment {
		roffItem(&b, e.name, e.words)
	}
	b.WriteString(".SH FILES\n")
	for _, f := range files {
		roffItem(&b, f.name, f.words)
	}
	b.WriteString(".SH EXAMPLES\n")
	examples := examplesIn(app.Description)
	for _, c := range app.Commands {
		examples = append(examples, examplesIn(c.Description)...)
	}
	b.WriteString(".nf\n")
	for _, e := range examples {
		b.WriteString(roffVerbatim(e))
	}
	b.WriteString(".fi\n")
	return b.String()
}

func roffCommand(b *strings.Builder, c *cli.Command) {
	fmt.Fprintf(b, ".SS %s\n%s.\n.PP\n%s\n", roffLine(c.Name), roffLine(strings.ToUpper(c.Usage[:1])+c.Usage[1:]), roffLine(usageText(c)))
	if c.Description != "" {
		b.WriteString(".PP\n")
		roffText(b, c.Description)
	}
	for _, g := range flagGroups(c) {
		if g.name != "" {
			fmt.Fprintf(b, ".PP\n%s:\n", roffLine(g.name))
		}
		for _, f := range g.flags {
			names, words := flagWords(f)
			roffItem(b, names, words)
		}
	}
}

// roffText sets a description: paragraphs are filled, lines that begin with a space or have columns stand as they are.
func roffText(b *strings.Builder, text string) {
	verbatim, gap := false, false
	write := func(line string, asItStands bool) {
		switch {
		case asItStands && !verbatim:
			b.WriteString(".RS 4\n.nf\n")
		case !asItStands && verbatim:
			b.WriteString(".fi\n.RE\n.PP\n")
		case gap:
			b.WriteString(".PP\n")
		}
		verbatim, gap = asItStands, false
		if asItStands {
			b.WriteString(roffVerbatim(line))
			return
		}
		b.WriteString(roffLine(line) + "\n")
	}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		trimmed := strings.TrimLeft(line, " ")
		one, isOne := strings.CutPrefix(line, "Example: ")
		switch {
		case line == "":
			gap = true
		case isOne:
			write("Example:", false)
			write(one, true)
		default:
			write(trimmed, trimmed != line || hangOf(trimmed) > 2)
		}
	}
	if verbatim {
		b.WriteString(".fi\n.RE\n")
	}
}

// roffVerbatim sets a line as it stands, broken as the help breaks it where 80 columns less the indents of a manual page are
// not enough.
func roffVerbatim(line string) string {
	const indent = 11
	lines := hang(line, indent, indent+hangOf(line))
	if strings.HasPrefix(line, "taskrecon ") {
		lines = continued(line, indent)
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(roffLine(l[indent:]) + "\n")
	}
	return b.String()
}

func roffItem(b *strings.Builder, name, words string) {
	fmt.Fprintf(b, ".TP\n\\fB%s\\fR\n%s\n", roff(name), roffLine(words))
}

// roff escapes a text for the middle of a line.
func roff(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "|", `|\:`, "\n", " ").Replace(s)
}

// roffLine escapes a text for the beginning of a line, where a dot would make it a request.
func roffLine(s string) string {
	s = roff(s)
	if strings.HasPrefix(s, ".") {
		return `\&` + s
	}
	return s
}

// sourceDate is the day of the commit that the program was built from, so that the same source has the same page; "" if unknown.
func sourceDate() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				return t.Format(time.DateOnly)
			}
		}
	}
	return ""
}
