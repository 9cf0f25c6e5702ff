//! The rules of help texts. Each program whose tests have this module is checked with all its subcommands.

use crate::command;

/// The longest line.
const WIDTH: usize = 100;

/// The names of the subcommands that a help text lists, but for `help` itself.
fn subcommands(help: &str) -> Vec<&str> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let entries = list.lines().take_while(|line| !line.is_empty());
    let names = entries.filter(|line| indent(line) == 2).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").collect()
}

/// What is wrong with a long help text; nothing where all is well.
fn faults(help: &str) -> Vec<String> {
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    let too_long = lines.iter().filter(|line| line.chars().count() > WIDTH);
    let mut faults: Vec<_> = too_long.map(|line| format!("longer than {WIDTH}: {line}")).collect();
    faults.extend(hard_breaks(&lines));
    faults.extend(arguments(&lines));
    if !help.contains("\nExamples:\n") {
        faults.push("no examples".to_owned());
    }
    faults
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Lines that end although the next word would have fitted. A sentence may end anywhere; examples and lists
/// are as they were written.
fn hard_breaks(lines: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut section = "";
    for pair in lines.windows(2) {
        let [line, next] = pair else { continue };
        if let Some(name) = line.strip_suffix(':').filter(|_| indent(line) == 0) {
            section = name;
        }
        if line.is_empty() {
            section = if section == "Examples" && next.starts_with(' ') { section } else { "" };
        }
        let listed = next.trim_start().starts_with('-');
        // An entry of a list stands less deep than its text.
        let own = indent(next) == indent(line) || line.trim_start().starts_with("- ");
        let entries = ["Examples", "Commands"].contains(&section);
        if line.is_empty() || next.is_empty() || listed || !own || entries || line.ends_with(':') {
            continue;
        }
        let word = next.split_whitespace().next().unwrap_or_default();
        let fits = line.chars().count() + 1 + word.chars().count() <= WIDTH;
        if fits && !line.ends_with('.') {
            faults.push(format!("broken in a sentence: {line:?}, {next:?}"));
        }
    }
    faults
}

/// Arguments without help, and those that take a value, need not be given, and name no default.
fn arguments(lines: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let usage = lines.iter().find(|line| line.starts_with("Usage:")).copied().unwrap_or_default();
    for (index, line) in lines.iter().enumerate().take_while(|(_, line)| **line != "Examples:") {
        // In a short list the help stands in the same line.
        let (text, inline) = line.trim_start().split_once("  ").unwrap_or((line.trim_start(), ""));
        let option = (2..=6).contains(&indent(line)) && text.starts_with('-');
        let positional = indent(line) == 2 && (text.starts_with('<') || text.starts_with('['));
        if !option && !positional {
            continue;
        }
        let below = lines[index + 1..].iter().take_while(|line| line.is_empty() || indent(line) > 8);
        let help = below.fold(inline.to_owned(), |help, line| format!("{help} {}", line.trim()));
        if help.trim().is_empty() {
            faults.push(format!("no help: {text}"));
            continue;
        }
        let optional = text.starts_with('[') || !usage.contains(text);
        if optional && text.contains(['<', '[']) && !help.contains("default") {
            faults.push(format!("no default: {text}"));
        }
    }
    faults
}

#[tokio::test]
async fn every_help_text_keeps_the_rules() {
    let top = command::run(&["--help"], &[]).await;
    assert_eq!(faults(&top.out), Vec::<String>::new(), "{}", top.out);
    let commands = subcommands(&top.out);
    assert!(commands.len() > 2, "{commands:?}");
    for name in commands {
        let help = command::run(&[name, "--help"], &[]).await;
        help.expect_code(0);
        assert_eq!(faults(&help.out), Vec::<String>::new(), "{name}:\n{}", help.out);
    }
}

#[test]
fn each_rule_finds_what_breaks_it() {
    let help = |text: &str, argument: &str| {
        format!(
            "{text}\n\nUsage: x [OPTIONS] --given <NAME>\n\nOptions:\n{argument}\n\nExamples:\n  x\n  x y\n"
        )
    };
    let sound =
        "      --given <NAME>\n          The name\n\n      --free <N>\n          As many [default: 1]";
    assert_eq!(faults(&help("Does something.\n\nAnd more.", sound)), Vec::<String>::new());
    let expect = |text: &str, part: &str| {
        let faults = faults(text);
        assert!(matches!(&faults[..], [fault] if fault.contains(part)), "{part}: {faults:#?}");
    };
    expect(&help(&"x".repeat(101), sound), "longer than");
    expect(&help("This sentence is\nbroken.", sound), "broken in a sentence");
    let broken = "      --given <NAME>\n          The name\n          of it";
    expect(&help("Does something.", broken), "broken in a sentence");
    expect(&help("Does something.", "      --given <NAME>"), "no help");
    expect(&help("Does something.", "      --free <N>\n          As many"), "no default");
    expect(help("Does something.", sound).split("\nExamples").next().unwrap(), "no examples");
    assert_eq!(
        subcommands("A\n\nCommands:\n  one  Does\n       more\n  help  Prints\n\nOptions:\n"),
        ["one"]
    );
}
