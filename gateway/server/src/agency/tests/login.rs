//! Tokens for user and password: where they are asked for, in which words, how often.

use adapter_api::agency::{Below, Login, LoginFormat};

use super::*;

/// A party below `/service` that wants `access_token` or a bearer, with these words about its login.
fn logs_in(party: &FakeParty, header: Option<&str>, login: Login) -> Agencies {
    let kind = CredentialKind::OauthPassword { header: header.map(str::to_owned), login };
    let settings = settings(&format!("{}/service", party.url()), manifest(&[("token", kind)], &[]));
    let secrets = secrets("token", &[("user", "mau"), ("password", "p@ss")]);
    built(AgencySettings { secrets, ..settings })
}

fn body(heard: &str) -> &str {
    heard.rsplit("\r\n\r\n").next().unwrap_or_default()
}

fn refreshing() -> Login {
    Login { refresh: true, ..Login::default() }
}

/// Every login gets `token-N` and `refresh-N`; a refresh token is taken as `refreshes` says.
fn token_party(refreshes: fn() -> Answer) -> FakeParty {
    let given = AtomicU64::new(0);
    FakeParty::plain(move |heard| {
        if !heard.starts_with("POST /service/token ") {
            return Answer::ok("{}");
        }
        if body(heard).starts_with("grant_type=refresh_token") {
            return refreshes();
        }
        let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        Answer::ok(&format!(
            r#"{{"access_token":"token-{number}","refresh_token":"refresh-{number}","expires_in":3600}}"#
        ))
    })
}

fn refreshed() -> Answer {
    Answer::ok(r#"{"access_token":"again","refresh_token":"next","expires_in":3600}"#)
}

fn logins(party: &FakeParty) -> Vec<String> {
    let heard = party.heard().into_iter().filter(|heard| heard.starts_with("POST /service/token "));
    heard.map(|heard| body(&heard).to_owned()).collect()
}

const PASSWORD: &str = "grant_type=password&username=mau&password=p%40ss";

#[tokio::test]
async fn a_login_stands_where_the_agency_says_and_speaks_as_it_says() {
    let given = AtomicU64::new(0);
    let party = FakeParty::plain(move |heard| match heard.starts_with("POST /auth/login ") {
        true => {
            let number = given.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            Answer::ok(&format!(r#"{{"access_token":"{number}","refresh_token":"r","expires_in":3600}}"#))
        }
        false => Answer::ok("{}"),
    });
    let login = Login {
        path: Some("/auth/login".into()),
        below: Below::Host,
        format: LoginFormat::Json,
        refresh: false,
    };
    let agencies = logs_in(&party, None, login);
    assert_eq!(ask(&agencies, &request(Kind::Read)).await.unwrap().admission, 1);
    renew(&agencies, &request(Kind::Read), 1).await.unwrap();
    ask(&agencies, &request(Kind::Read)).await.unwrap();
    let heard = party.heard();
    let lines: Vec<&str> = heard.iter().map(|heard| heard.lines().next().unwrap()).collect();
    let [login, asking] = ["POST /auth/login HTTP/1.1", "POST /service/ask HTTP/1.1"];
    assert_eq!(lines, [login, asking, login, asking]);
    // Nobody says that its refresh token may be shown here: user and password are, again.
    for login in [&heard[0], &heard[2]] {
        assert!(login.contains("content-type: application/json\r\n"), "{login}");
        assert_eq!(body(login), r#"{"username":"mau","password":"p@ss"}"#);
    }
    assert!(
        heard[1].contains("authorization: Bearer 1\r\n") && heard[3].contains("authorization: Bearer 2\r\n")
    );
}

#[tokio::test]
async fn those_refused_at_once_refresh_once_and_then_with_the_next_refresh_token() {
    let party = token_party(refreshed);
    let agencies = logs_in(&party, Some("access_token"), refreshing());
    let request = request(Kind::Read);
    let asked = join_all((0..50).map(|_| ask(&agencies, &request))).await;
    assert!(asked.iter().all(|heard| heard.as_ref().is_ok_and(|heard| heard.admission == 1)));
    let renewed = join_all((0..20).map(|_| renew(&agencies, &request, 1))).await;
    assert!(renewed.iter().all(Result::is_ok));
    assert_eq!(ask(&agencies, &request).await.unwrap().admission, 2);
    renew(&agencies, &request, 2).await.unwrap();
    let refresh = |token: &str| format!("grant_type=refresh_token&refresh_token={token}");
    assert_eq!(logins(&party), [PASSWORD.to_owned(), refresh("refresh-1"), refresh("next")]);
    assert!(party.heard().iter().any(|heard| heard.contains("access_token: again\r\n")));
}

#[tokio::test]
async fn a_refresh_token_that_is_not_taken_costs_one_password_and_all_of_it_is_counted() {
    let party = token_party(|| Answer::reply("401 No", "", "{}"));
    let agencies = logs_in(&party, None, refreshing());
    let request = request(Kind::Read);
    let progress = Arc::new(engine::ports::Progress::default());
    watched(&agencies, &request, AMPLE, &progress).await.unwrap();
    assert_eq!((progress.take_logins(Party::Agency), progress.take_logins(Party::Carrier)), (1, 0));
    let (call, deadline) = (call(), Instant::now() + AMPLE);
    let order = || Order { agency: "agency", call: &call, request: &request, deadline, progress: &progress };
    agencies.renew(order(), 1).await.unwrap();
    assert_eq!(progress.take_logins(Party::Agency), 2, "the refresh token's exchange and the password's");
    agencies.renew(order(), 1).await.unwrap();
    assert_eq!(progress.take_logins(Party::Agency), 0, "the login refused is not the current one");
    assert_eq!(logins(&party), [PASSWORD, "grant_type=refresh_token&refresh_token=refresh-1", PASSWORD]);
}

#[tokio::test]
async fn who_is_busy_while_refreshing_is_not_asked_twice_and_the_token_is_not_shown_again() {
    let party = token_party(|| Answer::reply("503 Busy", "Retry-After: 5\r\n", ""));
    let agencies = logs_in(&party, None, refreshing());
    let request = request(Kind::Read);
    ask(&agencies, &request).await.unwrap();
    let busy = Fault::Unavailable { party: Party::Agency, retry_after_s: Some(5) };
    assert_eq!(renew(&agencies, &request, 1).await, Err(busy));
    assert_eq!(logins(&party).len(), 2);
    assert!(ask(&agencies, &request).await.is_ok());
    assert_eq!(logins(&party).last().map(String::as_str), Some(PASSWORD));
}
