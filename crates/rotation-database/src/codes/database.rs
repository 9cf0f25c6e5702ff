//! Articles about logins and statements.

use rotation_core::Article;

pub(super) const DB_AUTH_REFUSED: Article = Article::new(
    "A manual change of the password, in the database or in the secret. With alternating users AWSCURRENT \
             must log in before the master acts. `credentials` in the outcome line says which credential was \
             refused. MongoDB and DocumentDB say the same of a user that is not there or is defined in another database.",
    "Set the password of that user in the database to what the secret holds, or the other way round. Of \
             MongoDB and DocumentDB, check `username` and `authdb` as well.",
);
pub(super) const DB_NO_CREDENTIAL_ACCEPTED: Article = Article::with_command(
    "The password was changed in the database, or a rotation that was cancelled had changed it: its version \
             has no label now.",
    "Set the password back to what AWSCURRENT holds, or put the password that works into the secret, then \
             rotate again. Versions without labels are kept for a day at least:",
    "aws secretsmanager list-secret-version-ids --secret-id SECRET --include-deprecated",
);
pub(super) const DB_USER_NOT_FOUND: Article = Article::new(
    "The user was dropped, or `username` is misspelled.",
    "Create the user again, or correct `username`.",
);
pub(super) const DB_LOCKED: Article = Article::with_sql(
    "An administrator locked the user, or too many refused logins did (MySQL's FAILED_LOGIN_ATTEMPTS, \
             MariaDB's max_password_errors). On MySQL and MariaDB a new password does not end that; the idle \
             user of a pair is unblocked by its next turn.",
    "Let the user log in again:",
    "ALTER ROLE \"app\" LOGIN;             -- PostgreSQL\n\
             ALTER USER 'app'@'%' ACCOUNT UNLOCK; -- MySQL, MariaDB",
);
pub(super) const DB_EXPIRED: Article = Article::with_sql(
    "The user or its password has an end, and it is past. On MySQL also a hash of another format than \
             caching_sha2_password_enforce_storage_format allows.",
    "Extend the validity. On MySQL and MariaDB PASSWORD EXPIRE NEVER does not end an expiry that has come: \
             the hint has the statements that store the same password once more, without knowing it.",
    "ALTER ROLE \"app\" VALID UNTIL 'infinity';     -- PostgreSQL\n\
             ALTER USER \"app\" VALID UNTIL 'infinity';     -- Redshift",
);
pub(super) const DB_ACCESS_RULE: Article = Article::new(
    "No line of pg_hba.conf admits this user from here, the server wants TLS and the secret says plaintext, \
             the account of MySQL is not for this host, or a user of MongoDB has authenticationRestrictions.",
    "Let the function and this user in. Where the server wants TLS, set `ssl` to true in the secret, or remove it.",
);
pub(super) const DB_TOO_MANY_CONNECTIONS: Article = Article::new(
    "The limit of the server or of the user is reached.",
    "Raise the limit, or leave one connection free. The service tries again.",
);
pub(super) const DB_AUTH_METHOD: Article = Article::with_sql(
    "The server asks for the password in cleartext, for a key that is not proven, or for a method that is \
             not spoken here. On RDS a member of rds_iam is asked for a token. An account of MySQL was left \
             on mysql_native_password, which MySQL 9 does not have; a master moves the idle user of a pair by itself.",
    "Let the server ask for SCRAM, md5 over TLS, caching_sha2_password, mysql_native_password where the \
             server has it, or on MariaDB ed25519 or parsec.",
    "REVOKE rds_iam FROM \"app\"; -- PostgreSQL on RDS\n\
             ALTER USER 'app'@'%' IDENTIFIED WITH caching_sha2_password BY '...'; -- MySQL, with the password in the secret",
);
pub(super) const DB_NAME_NOT_FOUND: Article = Article::new(
    "`dbname` is misspelled, the database was dropped, or, where the engine does not tell the two apart, the \
             user may not connect to it.",
    "Correct `dbname`, or allow the user to connect to it.",
);
pub(super) const DB_DATABASE_CLOSED: Article = Article::with_sql(
    "The user of the secret, or the master, which works in the same database, has no CONNECT privilege \
             there, or the database takes no connections at all. `credentials` in the outcome line says whose login it was.",
    "Run the statement of the hint as an administrator, for instance:",
    "GRANT CONNECT ON DATABASE \"shop\" TO \"master\";\n\
             ALTER DATABASE \"shop\" ALLOW_CONNECTIONS true;",
);
pub(super) const DB_SESSION_REFUSED: Article = Article::with_sql(
    "The password is right. After that an event trigger on login raised an error, or a setting of the user, \
             the database or the server names a library that cannot be loaded. The message has the server's code.",
    "Let what runs at login admit the user. PostgreSQL lists it by:",
    "SELECT evtname, evtfoid::regproc FROM pg_event_trigger WHERE evtevent = 'login';\n\
             SELECT setdatabase, setrole::regrole, setconfig FROM pg_db_role_setting;",
);
pub(super) const DB_NOT_READY: Article = Article::new(
    "The server is starting, stopping or failing over, or has no memory or disk left. Or the user was let in \
             and had no answer to its first request: a pooler in front of the server has no connection to \
             it. PgBouncer 1.18 waits two minutes (query_wait_timeout) before it says so.",
    "Wait for the service's next attempt. Of a pooler, see its log.",
);
pub(super) const DB_READ_ONLY: Article = Article::new(
    "`host` is a reader's endpoint or a replica, or a failover is under way.",
    "Use the writer's endpoint. A failover passes by itself.",
);
pub(super) const DB_REPLICA_SET_DIFFERS: Article = Article::new(
    "`replicaSet` of the secret is not the name that the server gives for its own set, or the server is no \
             member of a set. No password was sent.",
    "Correct `replicaSet`, or `host` where it leads to another set. `rs.conf()._id` is the name.",
);
pub(super) const DB_PRIMARY_NOT_LISTED: Article = Article::new(
    "Each member that `host` lists says that another server is the primary, which `host` does not list. The \
             password goes only to hosts that the secret names, so it is not followed. The message names that server.",
    "List every member of the set in `host` of the secret, each by a name that its certificate has. Behind a \
             writer's endpoint, a failover passes by itself.",
);
pub(super) const DB_MAJORITY_MISSING: Article = Article::new(
    "The primary has the new password, and a majority of the replica set has not confirmed it in time: \
             members are down or lag. A failover now could take the password back, so the rotation does not go on.",
    "Bring the members back that are down (`rs.status()`). The service's next attempt then goes on. Of two \
             data members and an arbiter, both data members must be up.",
);
pub(super) const DB_UNSUPPORTED: Article = Article::new(
    "The server is older than any that can be rotated.",
    "Upgrade it. MongoDB 3.6 and DocumentDB 3.6 are the oldest of theirs.",
);
pub(super) const DB_PROTOCOL: Article = Article::new(
    "Another service answers at the port, or the server could not prove that it knows the password.",
    "Check that `host` and `port` are those of the engine in `engine`.",
);
pub(super) const DB_PRIVILEGE_MISSING: Article = Article::with_sql(
    "The user may not change its own password, or the master may not manage one of the two users. The hint \
             has the statement for the case at hand.",
    "Run the statement of the hint as an administrator, for instance:",
    "GRANT \"app\" TO \"master\" WITH ADMIN OPTION; -- PostgreSQL 16 and later\n\
             GRANT SELECT ON mysql.* TO 'master'@'%';    -- MySQL, MariaDB",
);
pub(super) const DB_PASSWORDS_RESTRICTED: Article = Article::with_sql(
    "The parameter rds.restrict_password_commands is set.",
    "Grant the role, or rotate the user by alternating users with a master that has it.",
    "GRANT rds_password TO \"app\"; -- PostgreSQL on RDS",
);
pub(super) const DB_PASSWORD_POLICY: Article = Article::new(
    "The server checks passwords by a rule that the settings do not meet, or keeps a history. AWSPENDING \
             holds that password and can hold no other, so no attempt of this rotation can succeed.",
    "Widen the password settings, make sure that AWSCURRENT logs in, remove the label AWSPENDING from its \
             version, and rotate again.",
);
pub(super) const DB_ORIGINAL_NOT_FOUND: Article = Article::new(
    "Users whose names end in the suffix of clones (`_clone`) are the second user of a pair, and no user has \
             the name without the suffix: the user was named so by its makers, or its original was dropped.",
    "Rotate it by the single-user strategy, rename it, or create the original again.",
);
pub(super) const DB_CLONE_NOT_RECOGNIZED: Article = Article::new(
    "A user with the name of the clone exists and is somebody else's, or is the clone and lost its tie to \
             the original.",
    "If it really is the clone, do what the hint says for the engine; otherwise rename one of the two.",
);
pub(super) const DB_USER_NOT_ROTATABLE: Article = Article::new(
    "The user is a superuser, may not log in, belongs to the service, or authenticates by something else \
             than one password.",
    "Do what the hint says: rotate the user by the single-user strategy, or give the account one password.",
);
pub(super) const DB_USERS_OF_ANOTHER_SECRET: Article = Article::new(
    "Two secrets hold the same user, or one of them a user and the other its clone. Each rotation of one \
             would make the other's password invalid.",
    "Give each secret a user of its own. If the other secret is gone, set ADOPT_CLONES of the function to \
             this secret's name, rotate, and remove the setting.",
);
pub(super) const DB_CLONE_EXCEEDS_ORIGINAL: Article = Article::new(
    "The clone owns objects, holds grants, or has an attribute that the original lacks: it was made by \
             another function, was granted something while it was live, or the original lost a right by a \
             manual change. Applications would lose it at this rotation or the next one. Nothing was changed.",
    "Run the statements of the hint: give it to the original, or take it from the clone.",
);
pub(super) const DB_SESSION_NOT_ORIGINAL: Article = Article::new(
    "The clone lost its membership in the original, the right to act as it, or the setting by which it does. \
             Its login succeeds, and applications would not find their tables.",
    "Run the statements of the hint, then rotate again: the pending version is resumed.",
);
pub(super) const DB_OLD_PASSWORD_ACTIVE: Article = Article::new(
    "The user has a second password (MySQL's RETAIN CURRENT PASSWORD) that no rotation by this user can end: \
             it lost the privilege APPLICATION_PASSWORD_ADMIN since an earlier rotation, or an administrator \
             set it. Or the live user has one whose hash cannot be read, so that nobody knows by which of \
             the two applications log in. Nothing was changed. Of doctor: such a password logs in besides AWSCURRENT and AWSPREVIOUS.",
    "Run the statement of the hint and rotate again, or accept the old password with ALLOW_OLD_PASSWORD=true.",
);
pub(super) const DB_USER_HAS_OTHER_ACCOUNTS: Article = Article::new(
    "MySQL and MariaDB keep an account for each user and host. A user changes the account by which it has \
             logged in, and applications behind another host would be refused afterwards. Nothing was \
             changed. A user that may not read mysql.user does not see its other accounts.",
    "Rotate the secret by a master user, which changes every account of the user, or drop the accounts that \
             no application uses.",
);
pub(super) const DB_LOCK_UNAVAILABLE: Article = Article::with_sql(
    "Percona XtraDB Cluster refuses GET_LOCK under its default pxc_strict_mode, ENFORCING, and so do older \
             clusters of MariaDB Galera. The lock keeps two rotations of one user apart: without it, one \
             that was cancelled and still runs may set its password last. Nothing was changed.",
    "Where one node takes all writes, let it give locks (MASTER refuses all else that ENFORCING does); or \
             accept to do without by ALLOW_UNLOCKED=true, and each rotation notes it.",
    "SET GLOBAL pxc_strict_mode = MASTER; -- Percona XtraDB Cluster, at the node that takes the writes",
);
pub(super) const DB_BUSY: Article = Article::new(
    "Another rotation, or a person, changes the same user right now, or holds the lock that rotations take: \
             an advisory one of PostgreSQL, a named one (`rotation.`...) of MySQL and MariaDB.",
    "Nothing is lost. Wait for the service's next attempt. Where it stays so, look who holds the lock: \
             `SELECT pid FROM pg_locks WHERE locktype = 'advisory'`, or \
             `SELECT IS_USED_LOCK(CONCAT('rotation.', LEFT(SHA2('<user>', 256), 40)))` with the name of the original user.",
);
pub(super) const DB_CONNECTION_LOST: Article = Article::new(
    "The server ended, or the network failed, before the answer.",
    "Nothing is lost. Wait for the service's next attempt, and keep AWSPENDING: its password may be the one \
             that logs in.",
);
pub(super) const DB_TIMED_OUT: Article = Article::new(
    "Somebody holds a lock on the user, or the server is slow.",
    "Look for locks. Wait for the service's next attempt, and keep AWSPENDING: its password may be the one \
             that logs in.",
);
pub(super) const DB_STATEMENT: Article = Article::new(
    "The server refused a statement by a code that has no code here; the message has it. Or what it answered \
             is no answer to the statement, and there is no code.",
    "See the server's code in the manual of the engine. Where there is none, see the server's log, and check \
             that `host` and `port` are those of the engine in `engine`.",
);
pub(super) const TEST_STATEMENT_FAILED: Article = Article::new(
    "The statement tries to write, asks for what the user may not see or what is not there, it takes \
             too long, or its result has more than a mebibyte. The message has the server's code.",
    "Run the statement as the secret's user in a read-only transaction, then fix TEST_STATEMENT or the \
             user's rights, and rotate again: the pending version is taken up. Where the statement is the \
             secret's own, AWSPENDING holds a copy of it, and ALLOW_TEST_STATEMENT=off does without. Keep \
             AWSPENDING: its password is the one that logs in.",
);
