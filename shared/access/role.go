package access

import "regexp"

// A Role is what an ARN names, without its path.
type Role struct{ partition, account, name string }

// Names of roles, paths and sessions, as IAM allows them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
var (
	roleARN = regexp.MustCompile(
		`^arn:(aws[a-z-]*):iam::([0-9]{12}):role/(?:[!-~]*/)?([A-Za-z0-9+=,.@_-]{1,64})$`)
	sessionARN = regexp.MustCompile(
		`^arn:(aws[a-z-]*):sts::([0-9]{12}):assumed-role/([A-Za-z0-9+=,.@_-]{1,64})/[A-Za-z0-9+=,.@_-]{1,64}$`)
)

// ParseRole reads the ARN of a role: arn:aws:iam::123456789012:role/teams/desk.
func ParseRole(arn string) (Role, bool) { return match(roleARN, arn) }

func parseSession(arn string) (Role, bool) { return match(sessionARN, arn) }

func match(form *regexp.Regexp, arn string) (Role, bool) {
	m := form.FindStringSubmatch(arn)
	if m == nil {
		return Role{}, false
	}
	return Role{m[1], m[2], m[3]}, true
}
