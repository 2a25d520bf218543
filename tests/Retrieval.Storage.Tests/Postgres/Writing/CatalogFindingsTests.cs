using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Writing;

/// <summary>What a run found out about its source, read over connections that are not the run's.</summary>
public sealed class CatalogFindingsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Findings_outlast_the_run_and_the_last_that_were_noted_hold()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        Guid id;
        await using (var run = await BeginAsync(catalog, new CatalogFindings(["a split"], [], [])))
        {
            id = run.RunId;
            Assert.Equal(["a split"], (await FindAsync(catalog, id)).Recognised);
            await run.NoteAsync(new CatalogFindings(["a split"], [], [Reason(1, "no words")]), Cancellation);
            await run.NoteAsync(new CatalogFindings(["a split"], ["of another scale"], [Reason(7, "no words") with { First = new CatalogReject("caps.txt", 4, null, "no words") }]), Cancellation);
        }

        var found = await FindAsync(catalog, id);
        Assert.Equal("a split", Assert.Single(found.Recognised));
        Assert.Equal("of another scale", Assert.Single(found.Warnings));
        Assert.Equal(new CatalogReason(7, new CatalogReject("caps.txt", 4, null, "no words")), Assert.Single(found.Reasons));
    }

    [Fact]
    public async Task Lists_of_runs_have_none()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var run = await BeginAsync(catalog, new CatalogFindings(["a split"], [], []));

        Assert.Same(CatalogFindings.None, Assert.Single(await CatalogRuns.ListAsync(catalog.Catalog, null, 10, Cancellation)).Findings);
    }

    [Fact]
    public async Task Ten_thousand_long_reasons_take_a_bounded_space_and_the_first_are_kept()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var run = await BeginAsync(catalog, CatalogFindings.None);
        string[] texts = [.. Enumerable.Range(0, 10_000).Select(i => $"{i} {new string('x', 2000)}")];

        await run.NoteAsync(new CatalogFindings(texts, texts, [.. texts.Select((text, i) => Reason(10_000 - i, text))]), Cancellation);

        var found = await FindAsync(catalog, run.RunId);
        Assert.Equal((CatalogFindings.MostEntries, CatalogFindings.MostEntries, CatalogFindings.MostEntries), (found.Recognised.Count, found.Warnings.Count, found.Reasons.Count));
        Assert.Equal((10_000, 500, "0 xxx", "x…"), ((int)found.Reasons[0].Count, found.Reasons[0].First.Reason.Length, found.Reasons[0].First.Reason[..5], found.Reasons[0].First.Reason[^2..]));
        Assert.InRange(await catalog.AskAsync<int>($"select octet_length(findings::text) from retrieval.run where run_id = '{run.RunId}'"), 1, 250_000);
    }

    [Fact]
    public async Task Texts_that_jsonb_does_not_take_are_stored_with_signs_in_their_place()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var run = await BeginAsync(catalog, CatalogFindings.None);
        var cut = new string('x', CatalogFindings.LongestText - 2) + "😀😀";

        await run.NoteAsync(new CatalogFindings(["a\0b", "lone \ud800", cut, "naïve \"quoted\""], [], []), Cancellation);

        Assert.Equal(
            ["a␀b", "lone \ufffd", new string('x', CatalogFindings.LongestText - 2) + "…", "naïve \"quoted\""], (await FindAsync(catalog, run.RunId)).Recognised);
    }

    [Fact]
    public async Task Under_the_schema_before_runs_are_shown_without_findings_and_a_new_run_is_refused()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        await using var run = await BeginAsync(catalog, new CatalogFindings(["a split"], [], []));
        await catalog.BackToVersionTwoAsync();

        Assert.Same(CatalogFindings.None, await FindAsync(catalog, run.RunId));
        var refused = await Assert.ThrowsAsync<CatalogException>(() => BeginAsync(catalog, CatalogFindings.None, "other"));
        Assert.Equal(CatalogFault.Schema, refused.Fault);
        Assert.Contains("run `retrieval index migrate`", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await catalog.AskAsync<long>("select count(*) from retrieval.run"));
    }

    private static CatalogReason Reason(long count, string text) => new(count, new CatalogReject("images.tsv", 1, "image-1", text));

    private static Task<CatalogIngestion> BeginAsync(SampleCatalog catalog, CatalogFindings findings, string key = SampleSource.Key) =>
        CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, new IngestionClaim(key, "1", 10, "test") { Findings = findings }, CatalogRetry.Short, Cancellation);

    private static async Task<CatalogFindings> FindAsync(SampleCatalog catalog, Guid id)
    {
        await using var other = SampleCatalog.Open(catalog.Database.OwnerConnectionString);
        return (await CatalogRuns.FindAsync(other, id, Cancellation))!.Findings;
    }
}
