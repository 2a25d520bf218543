using System.Diagnostics;
using Retrieval.Domain.Text;

namespace Retrieval.Domain.Tests.Text;

public sealed class TreebankTokenizerTests
{
    // tokens.json: captions as people write them, with the tokens of nltk.word_tokenize.
    // nltk-cases.json: 290 of 200,000 random strings, drawn from clitics, contractions, quotes, punctuation, odd white
    // space and letters of many scripts, and 20 written by hand; the tokens are those of NLTK 3.8 on Python 3.11,
    // word_tokenize(caption.lower()) with its English Punkt model and the additions of PunktEnglish.
    // sentences.json: the same for 300 of 120,000 random texts of several sentences, for every abbreviation, and for 30 texts
    // written by hand. Of the 120,000, those with a letter beyond U+FFFF behind a full stop differ here, and no others.
    [Theory]
    [InlineData("tokens.json", 105)]
    [InlineData("sentences.json", 491)]
    [InlineData("nltk-cases.json", 310)]
    public void Captions_are_split_as_nltk_splits_them(string fixture, int count)
    {
        var cases = TokenizerCase.Load(fixture);

        Assert.Equal(count, cases.Length);
        foreach (var (caption, tokens) in cases)
        {
            Assert.True(
                tokens.SequenceEqual(TreebankTokenizer.Tokenize(caption)),
                $"{caption}\nexpected: {string.Join('|', tokens)}\nactual:   {string.Join('|', TreebankTokenizer.Tokenize(caption))}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\r\n\u001C\u0085\u3000")]
    public void White_space_has_no_words(string caption) => Assert.Empty(TreebankTokenizer.Tokenize(caption));

    [Fact]
    public void A_lone_surrogate_is_not_text() =>
        Assert.Throws<ArgumentException>(() => TreebankTokenizer.Tokenize("a dog \uD800 runs"));

    [Theory]
    [InlineData("a ")]
    [InlineData(".                                                                ")]
    [InlineData("'")]
    [InlineData("\"")]
    [InlineData("`")]
    [InlineData(".)")]
    [InlineData(". ")]
    [InlineData("....)")]
    [InlineData("Σ'")]
    [InlineData("'tis gimme cannot ")]
    [InlineData("-- '' `` n't 's ")]
    [InlineData("😀")]
    [InlineData("a. ")]
    [InlineData("5. ")]
    [InlineData("! ")]
    [InlineData("dog.\u3000")]
    [InlineData(".\u3000")]
    [InlineData("!(\"' ")]
    [InlineData("?!")]
    [InlineData("x-")]
    public void A_quarter_of_a_megabyte_of_anything_takes_linear_time(string unit)
    {
        var short_ = string.Concat(Enumerable.Repeat(unit, 1 + (16_384 / unit.Length))) + "x";
        var long_ = string.Concat(Enumerable.Repeat(unit, 1 + (262_144 / unit.Length))) + "x";
        _ = TreebankTokenizer.Tokenize(short_);

        var clock = Stopwatch.StartNew();
        _ = TreebankTokenizer.Tokenize(long_);

        // 16 times the text. Quadratic time would be minutes; linear time is a second or two.
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed} for {long_.Length} characters");
    }

    [Fact]
    public void A_megabyte_of_spaces_behind_a_period_takes_linear_time()
    {
        var clock = Stopwatch.StartNew();

        Assert.Equal(["a.", "x"], TreebankTokenizer.Tokenize("a." + new string(' ', 1 << 20) + "x"));

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");
    }
}
