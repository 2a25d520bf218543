using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Tests.Ingestion;

public sealed class RejectReasonsTests
{
    [Fact]
    public void Reasons_that_differ_in_numbers_and_quoted_names_are_one_and_the_first_stands_for_it()
    {
        var reasons = new RejectReasons();
        reasons.Add([Reject(4, "line 5: 10 regions, expected 36"), Reject(6, "no words")]);
        reasons.Add([Reject(7, "line 8: 11 regions, expected 36"), Reject(8, "by 'a.jpg' or 'b'"), Reject(9, "by 'c' or 'd'"), Reject(10, "line 11: 12 regions, expected 36")]);

        Assert.Equal([(3L, 4L), (2L, 8L), (1L, 6L)], reasons.List().Select(reason => (reason.Count, reason.First.Row)));
    }

    [Fact]
    public void The_same_reason_in_two_files_is_two()
    {
        var reasons = new RejectReasons();
        reasons.Add([Reject(0, "no words"), Reject(1, "no words") with { Source = "other.txt" }]);

        Assert.Equal(2, reasons.List().Count);
    }

    [Fact]
    public void The_same_reason_in_files_that_differ_in_numbers_is_one()
    {
        var reasons = new RejectReasons();
        reasons.Add([Reject(0, "no words") with { Source = "000000391895.npz" }, Reject(1, "no words") with { Source = "000000000042.npz" }]);

        Assert.Equal(2, Assert.Single(reasons.List()).Count);
    }

    [Fact]
    public void Beyond_a_number_of_reasons_the_rest_is_counted_together_and_says_so()
    {
        var reasons = new RejectReasons();
        string[] words = [.. Enumerable.Range(0, 40).Select(i => $"{(char)('a' + (i / 26))}{(char)('a' + (i % 26))}")];
        reasons.Add(words.Concat(words).Select((word, i) => Reject(i, word)));

        var found = reasons.List();

        Assert.Equal(33, found.Count);
        Assert.Equal((16L, "other reasons, the first of them: bg"), (found[0].Count, found[0].First.Reason));
        Assert.All(found.Skip(1), reason => Assert.Equal(2, reason.Count));
    }

    private static RejectedSample Reject(long row, string reason) => new("file.tsv", row, null, reason);
}
