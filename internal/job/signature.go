package job

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/exit"
	"taskrecon/internal/ledger"
	"taskrecon/internal/sshsig"
)

// signed refuses to send what no signer has signed. What is not sent needs no signature.
func (r *run) signed() error {
	if r.Signers == nil || len(r.plan.Pending()) == 0 {
		return nil
	}
	const hint = "nothing was sent; look at the plan, and have one of the signers sign it"
	if r.past == nil {
		return exit.Errorf(exit.Limit, hint, "the plan is not signed: save it with taskrecon plan --ledger, and apply that")
	}
	_, _, err := planSignature(r.past, r.File, r.vouches)
	if err != nil {
		return exit.Errorf(exit.Limit, hint, "the plan %s is not signed: %w", r.File, err)
	}
	return nil
}

var errUnsigned = errors.New("it has no signature")

// planSignature returns the signature of the plan that counts: the first one, of those in the ledger and the one beside it, that vouches
// takes. kept says that the ledger has it. The error is errUnsigned where there is none.
func planSignature(past *ledger.Reader, file string, vouches func([]byte) error) (signature string, kept bool, err error) {
	for _, leg := range past.Resumes {
		if leg.Signature == "" {
			continue
		}
		if err = vouches([]byte(leg.Signature)); err == nil {
			return leg.Signature, true, nil
		}
	}
	path := file + ledger.SignatureSuffix
	beside, readErr := sshsig.ReadFile(path)
	switch {
	case errors.Is(readErr, fs.ErrNotExist) && err == nil:
		return "", false, fmt.Errorf("there is no %s: %w", path, errUnsigned)
	case errors.Is(readErr, fs.ErrNotExist):
		return "", false, fmt.Errorf("of the signature in it, %w", err)
	case readErr != nil:
		return "", false, readErr
	}
	if err = vouches(beside); err != nil {
		return "", false, fmt.Errorf("of %s, %w", path, err)
	}
	return string(beside), false, nil
}

func (r *run) vouches(signature []byte) error {
	text := ledger.SignedText(r.past.PlanFinal())
	if r.Signers == nil {
		return sshsig.Verify(signature, text)
	}
	_, err := sshsig.Check(signature, text, bytes.NewReader(r.Signers))
	return err
}

// SignedBy returns which of the allowed signers signed the ledger in a file and, where it is of a run that was a saved plan with a
// signature, which of them signed that plan. A missing signature of the ledger, and any by someone else, is an error.
func SignedBy(past *ledger.Reader, file string, allowed []byte) (who, plan string, err error) {
	suffix := ledger.SignatureSuffix
	if past.Header.Command != "plan" || len(past.Resumes) > 0 {
		suffix = ledger.RunSignatureSuffix
		_, _, err := planSignature(past, file, func(signature []byte) error {
			name, err := sshsig.Check(signature, ledger.SignedText(past.PlanFinal()), bytes.NewReader(allowed))
			plan = name
			return err
		})
		if err != nil && !errors.Is(err, errUnsigned) {
			return "", "", fmt.Errorf("the signature of the plan: %w", err)
		}
	}
	signature, err := sshsig.ReadFile(file + suffix)
	if err != nil {
		return "", "", fmt.Errorf("the ledger is not signed: %w", err)
	}
	if who, err = sshsig.Check(signature, ledger.SignedText(past.Final), bytes.NewReader(allowed)); err != nil {
		return "", "", fmt.Errorf("the signature %s: %w", file+suffix, err)
	}
	return who, plan, nil
}

// goOn marks in the ledger that the run goes on. The first leg copies the signature of the plan, so that later ones have it wherever the
// ledger goes.
func (r *run) goOn(book *ledger.Writer) error {
	signature, kept, err := planSignature(r.past, r.File, r.vouches)
	if kept || err != nil {
		signature = "" // where one is asked for, signed says what is wrong
	}
	if err := r.files.makeDir(); err != nil {
		return err
	}
	r.files.link()
	return book.Resumed(r.header(), signature)
}

// sign leaves a signature of the ledger's final hash beside it.
func (r *run) sign(final string) error {
	path := r.files.signature
	signature, err := r.Signer.Sign(ledger.SignedText(final))
	if write := atomicfile.WriteNew; err == nil {
		if r.mayReplace(path) {
			write = atomicfile.Write
		}
		err = write(path, signature, 0o600)
	}
	if err != nil {
		return fmt.Errorf("signing the ledger: %w", err)
	}
	r.Watcher.Written("signature", path)
	return nil
}

// sameAsPlanned refuses what the command line says otherwise than the plan, which is sent as it was made.
func (r *run) sameAsPlanned() error {
	h := &r.past.Header
	for _, o := range h.Options {
		for _, now := range r.Fixed {
			if now.Name != o.Name || now.Value == o.Value || o.Name == "sheet" && now.Value == h.Input.Sheet {
				continue
			}
			return exit.Errorf(exit.Usage, "leave it out, or make a new plan; nothing was sent",
				"the plan %s was made with --%s %q, and is sent so, not with %q", r.File, o.Name, o.Value, now.Value)
		}
	}
	return nil
}
