using System.Globalization;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests.Queries;

/// <summary>What a request may ask for, at the very edges of the bounds.</summary>
public sealed class RequestLimitsTests
{
    private static readonly SearchOptions Options = new() { MaxTop = 7, MaxShortlist = 9 };

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(0, 0, 5)]
    [InlineData(0, 5, 5)]
    [InlineData(2, 2, 5)]
    [InlineData(2, 5, 5)]
    public void As_few_and_as_many_items_as_are_allowed_pass(int least, int count, int most)
    {
        if (count >= least)
        {
            new WholeNumberBound(least, most).CheckCount(count, "items");
            Assert.Equal(count, new WholeNumberBound(least, most).Check(count, "items"));
            return;
        }

        Assert.Throws<InvalidInputException>(() => new WholeNumberBound(least, most).CheckCount(count, "items"));
    }

    [Theory]
    [InlineData(0, 6, "has 6 items; expected at most 5")]
    [InlineData(2, 1, "has 1 items; expected 2 to 5")]
    [InlineData(2, 6, "has 6 items; expected 2 to 5")]
    public void Too_few_items_and_too_many_are_told_with_what_is_expected(int least, int count, string message)
    {
        var exception = Assert.Throws<InvalidInputException>(() => new WholeNumberBound(least, 5).CheckCount(count, "items"));

        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.Equal("items", exception.Field);
    }

    [Fact]
    public void A_filter_of_as_many_conditions_as_are_allowed_passes_and_one_more_is_refused()
    {
        Limits(Conditions(32));
        var exception = Assert.Throws<InvalidInputException>(() => Limits(Conditions(33)));

        Assert.Contains("has 33 conditions; expected at most 32", exception.Message, StringComparison.Ordinal);
        Assert.Equal("filter", exception.Field);
    }

    [Fact]
    public void A_condition_that_is_none_or_has_a_value_that_is_none_is_refused_by_its_key()
    {
        Limits(new() { ["colour"] = new() });
        Limits(new() { ["colour"] = MetadataCondition.OfTexts("red", "blue") });
        foreach (var condition in new MetadataCondition[] { null!, new() { Texts = null! }, new() { Ranges = null! }, new() { Ranges = [null!] }, MetadataCondition.OfTexts("red", null!) })
        {
            var exception = Assert.Throws<InvalidInputException>(() => Limits(new() { ["size"] = MetadataCondition.OfTexts("small"), ["colour"] = condition }));
            Assert.Contains("expected texts, numbers, booleans or ranges", exception.Message, StringComparison.Ordinal);
            Assert.Equal("filter.colour", exception.Field);
        }
    }

    [Fact]
    public void Ranges_are_bounded_over_all_conditions_and_single_values_are_not()
    {
        var range = ValueRange.Between(MetadataValue.Of(1), MetadataValue.Of(2));
        var many = MetadataCondition.Of(Enumerable.Range(0, 1000).Select(i => MetadataValue.Of(i)));
        Limits(new() { ["a"] = many with { Ranges = [.. many.Ranges, .. Enumerable.Repeat(range, 30)] }, ["b"] = new() { Ranges = [range, range] } });

        var exception = Assert.Throws<InvalidInputException>(() => Limits(new() { ["a"] = new() { Ranges = [.. Enumerable.Repeat(range, 31)] }, ["b"] = new() { Ranges = [range, range] } }));

        Assert.Equal(("filter", "filter: has 33 ranges; expected at most 32"), (exception.Field, exception.Message));
    }

    [Fact]
    public void A_deadline_leaves_what_is_left_of_it_and_nothing_once_it_has_passed()
    {
        var time = new ManualTime();
        var deadline = Deadline.Of(100, time.GetTimestamp(), time)!.Value;
        Assert.Equal(TimeSpan.FromMilliseconds(100), deadline.Left(time));

        time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(TimeSpan.FromMilliseconds(1), deadline.Left(time));

        time.Advance(TimeSpan.FromMilliseconds(5000));
        Assert.Equal(TimeSpan.Zero, deadline.Left(time));
    }

    [Theory]
    [InlineData("#0")]
    [InlineData("#")]
    [InlineData("image")]
    [InlineData("image#")]
    [InlineData("image#00")]
    [InlineData("image#-1")]
    public void An_id_that_no_caption_has_is_unknown(string id)
    {
        Assert.Throws<NotFoundException>(() => CaptionId.Parse(id));
        Assert.Equal(("a#b", 3), CaptionId.Parse("a#b#3"));
    }

    private static RequestLimits Limits(Dictionary<string, MetadataCondition> filter) => RequestLimits.Of(
        new ImageSearchRequest { Caption = "a dog", Top = 7, Shortlist = 9, Filter = filter }, Options, new SearchBounds(Options), null, 0, TimeProvider.System);

    private static Dictionary<string, MetadataCondition> Conditions(int count) =>
        Enumerable.Range(0, count).ToDictionary(i => i.ToString(CultureInfo.InvariantCulture), _ => MetadataCondition.OfTexts("x"));
}
