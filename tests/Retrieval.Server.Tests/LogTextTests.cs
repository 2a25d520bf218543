using Retrieval.Server.Logging;

namespace Retrieval.Server.Tests;

public sealed class LogTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData("somebody@example.com")]
    [InlineData("é 図 😀")]
    public void A_name_that_can_be_shown_stays_as_it_is(string text) => Assert.Equal(text, LogText.Name(text));

    [Fact]
    public void Names_that_are_shown_alike_differ_by_their_hash_and_stay_short()
    {
        var head = new string('x', 200);
        string[] texts =
        [
            head, head + "1", head + "2", new string('y', 10_000), "a\nb", "a\\u{a}b", "a\u200bb", "a\u200cb", "a\u202eb", "\ud800", "\udc00", "\ufffd", "\ud83d\ude00", new string('\n', 500),
        ];

        // Somebody may be called like the name that another gets, and is another all the same.
        var names = texts.Concat(texts.Select(LogText.Name)).Distinct().Select(LogText.Name).ToList();

        Assert.Equal(names.Count, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, name => Assert.True(name.Length <= 210 && !name.Any(char.IsControl) && !name.Any(letter => letter is '\u200b' or '\u200c' or '\u202e'), name));
        Assert.Matches(@"\Ax{100}…#[0-9a-f]{24}\z", LogText.Name(head + "1"));
    }
}
