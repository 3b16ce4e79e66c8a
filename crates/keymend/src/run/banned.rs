//! `keymend words`: the banned words.

use std::fs;
use std::path::Path;

use keymend_domain::account::Account;
use keymend_domain::directory::RuleBroken;
use keymend_domain::password::builtin::BuiltIn;

use super::{ask, build, policy, who};
use crate::cli::{
    ConfigFile, Output, PolicyApply, Stop, WordsCommand, WordsList, WordsShow, config::load, print,
};

/// Carries out one `keymend words` command.
///
/// # Errors
///
/// [`Stop::Usage`] for words that are not accepted, [`Stop::Fault`] for accidents.
pub fn banned(command: &WordsCommand, output: Output<'_>) -> Result<(), Stop> {
    match command {
        WordsCommand::Show(arguments) => {
            let mut text = shown(arguments)?.join("\n");
            if !text.is_empty() {
                text.push('\n');
            }
            print(output, &text)
        }
        WordsCommand::Apply(arguments) => {
            let text = super::runtime()?.block_on(apply(arguments))?;
            print(output, &text)
        }
        WordsCommand::Check(file) => check(file, output),
    }
}

fn shown(arguments: &WordsShow) -> Result<Vec<String>, Stop> {
    Ok(match arguments.list {
        WordsList::Own => super::runtime()?.block_on(own(&arguments.config))?,
        WordsList::Commonest => BuiltIn::Commonest.words(),
        WordsList::English => BuiltIn::English.words(),
        WordsList::German => BuiltIn::German.words(),
        WordsList::Keyboard => BuiltIn::Keyboard.words(),
    })
}

async fn own(file: &ConfigFile) -> Result<Vec<String>, Stop> {
    let built = build::build(&file.config, &load(file)?).await?;
    Ok(built.app.policy().settings().passwords.banned_words.clone())
}

async fn apply(arguments: &PolicyApply) -> Result<String, Stop> {
    let words = read(&arguments.file)?;
    let file = &arguments.config;
    let built = build::build(&file.config, &load(file)?).await?;
    let before = built.app.policy();
    let mut settings = before.settings().clone();
    settings.passwords.banned_words = words;
    // What the policy in force was warned of was understood when it was applied.
    let known = built.app.check_settings(before.settings()).findings;
    let found = built.app.check_settings(&settings).findings;
    let is_known = found.iter().all(|finding| known.contains(finding));
    let understands = arguments.i_understand || is_known;
    let applied = built
        .app
        .apply_settings(settings, understands, &who::operator())
        .await;
    match applied {
        Ok(applied) => Ok(policy::said(&applied)),
        Err(fault) => Err(policy::not_applied(&arguments.file, fault)),
    }
}

/// The words of a file, each once, in its order.
fn read(file: &Path) -> Result<Vec<String>, Stop> {
    let text = fs::read_to_string(file)
        .map_err(|error| Stop::Usage(format!("{}: cannot be read ({error})", file.display())))?;
    let lines = text.lines().map(str::trim);
    let words = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut seen = std::collections::HashSet::new();
    Ok(words
        .filter(|word| seen.insert(*word))
        .map(str::to_owned)
        .collect())
}

fn check(file: &ConfigFile, output: Output<'_>) -> Result<(), Stop> {
    let config = load(file)?;
    let built = super::runtime()?.block_on(build::build(&file.config, &config))?;
    let broken = built
        .app
        .weaknesses(&ask::password()?, &Account::of_nobody());
    if broken.is_empty() {
        return print(output, "nothing is wrong with it\n");
    }
    let said: Vec<&str> = broken.iter().map(said).collect();
    let words = broken.iter().filter_map(|rule| match rule {
        RuleBroken::Banned { term } | RuleBroken::Name { part: term } => Some(term.as_str()),
        _ => None,
    });
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let named = if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", words.join(", "))
    };
    Err(Stop::Fault(format!("{}{named}", said.join("; "))))
}

fn said(rule: &RuleBroken) -> &'static str {
    match rule {
        RuleBroken::Banned { .. } => "it is built on a banned word, a repetition or a run",
        RuleBroken::Name { .. } => "it holds the name of the organisation",
        RuleBroken::Leaked => "it is in a list of leaked passwords",
        other => other.id(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_words_is_read_line_by_line_each_word_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("words.txt");
        fs::write(
            &file,
            "# our products\nKettleworks\n\n  Moss & Son \nKettleworks\n",
        )
        .unwrap();
        assert_eq!(read(&file).unwrap(), ["Kettleworks", "Moss & Son"]);
        let missing = read(&folder.path().join("nothing")).unwrap_err();
        assert!(matches!(missing, Stop::Usage(text) if text.contains("cannot be read")));
    }

    #[test]
    fn lists_that_come_with_keymend_are_printed_without_a_configuration() {
        for list in [
            WordsList::Commonest,
            WordsList::English,
            WordsList::German,
            WordsList::Keyboard,
        ] {
            let config = ConfigFile {
                config: "/nowhere/keymend.toml".into(),
            };
            let words = shown(&WordsShow { list, config }).unwrap();
            assert!(words.len() > 200, "{list:?}");
        }
    }
}
