using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Retrieval.Console.Tests.Hosting;
using Retrieval.Server.Configuration;
using Retrieval.TestKit.Corpora;
using static Microsoft.Playwright.Assertions;

namespace Retrieval.Console.Tests;

public sealed class OperateTests(Chromium browser, DemoSite demo)
{
    [Fact]
    public async Task What_is_served_stands_there()
    {
        await using var visit = await browser.VisitAsync(demo.Address, "/#/search?caption=a red cube");
        await Expect(visit.Page.Locator(".hit")).ToHaveCountAsync(10);
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Operate" }).ClickAsync();

        await Expect(Panel(visit, "Health")).ToContainTextAsync("ready");
        await Expect(Panel(visit, "Index")).ToContainTextAsync("1,000");
        await Expect(Panel(visit, "Model and device")).ToContainTextAsync("passed");
        await Expect(Panel(visit, "Queue and latency").GetByRole(AriaRole.Row, new() { Name = "images" })).ToBeVisibleAsync();
        await Expect(Panel(visit, "Queue and latency").GetByRole(AriaRole.Row, new() { Name = "score" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_bound_of_few_times_is_not_given()
    {
        await using var site = await Site.StartAsync(Site.Options(demo.Index));
        using var client = new HttpClient { BaseAddress = site.Address };
        await using var visit = await browser.VisitAsync(site.Address, "/#/operate");
        var cells = Panel(visit, "Queue and latency").GetByRole(AriaRole.Row, new() { Name = "images" }).GetByRole(AriaRole.Cell);
        await Expect(Panel(visit, "Queue and latency")).ToContainTextAsync("Queries: none yet.");
        var (time, none) = (new Regex("^[0-9.]+ m?s$"), "–");

        await AskAsync(4);
        await Expect(cells).ToHaveTextAsync([new("^4$"), time, new(none), new(none)]);
        await AskAsync(1);
        await Expect(cells).ToHaveTextAsync([new("^5$"), time, time, new(none)]);
        await AskAsync(15);
        await Expect(cells).ToHaveTextAsync([new("^20$"), time, time, time]);

        async Task AskAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var answer = await client.PostAsync("/v1/search/images", new StringContent("""{ "caption": "a red cube" }""", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
                answer.EnsureSuccessStatusCode();
            }
        }
    }

    [Fact]
    public async Task A_run_is_started_and_its_progress_and_rejected_rows_are_shown()
    {
        using var folder = new TemporaryFolder();
        await MarkupSite.IngestAsync(folder.Path);
        var corpus = Corpus.Make(4, captionsPerImage: 1, seed: 9);
        corpus.Regions[2][5] = float.NaN;
        Directory.CreateDirectory(folder["sources"]);
        corpus.Write(folder["sources"]);
        await using var site = await Site.StartAsync(MarkupSite.Options(folder["index"]) with { Ingestion = new ServerIngestionOptions { Roots = [folder.Path] } });
        await using var visit = await browser.VisitAsync(site.Address, "/#/operate");
        var runs = Panel(visit, "Ingestions");
        await Expect(runs).ToContainTextAsync("No runs yet.");

        await runs.GetByLabel("Folder below a configured root").FillAsync("sources");
        await runs.GetByRole(AriaRole.Textbox, new() { Name = "Split" }).FillAsync(Corpus.Split);
        await runs.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();

        var run = runs.GetByRole(AriaRole.Article);
        await Expect(run).ToContainTextAsync("completed");
        await Expect(run).ToContainTextAsync("4 of 4 rows: 3 stored, 0 replaced, 0 unchanged, 1 rejected");
        await run.GetByRole(AriaRole.Button, new() { Name = "1 reject" }).ClickAsync();
        await Expect(run.Locator(".rejects li")).ToContainTextAsync("row 2 (img#0002)");
        await Expect(Panel(visit, "Index")).ToContainTextAsync("9");
    }

    [Fact]
    public async Task A_source_of_another_kind_is_asked_for_what_it_takes_and_started()
    {
        using var folder = new TemporaryFolder();
        await MarkupSite.IngestAsync(folder.Path);
        Directory.CreateDirectory(folder["arrays"]);
        folder.WriteNpy(Path.Combine("arrays", "one.npy"), Corpus.RandomRegions(new Random(1)), [Corpus.RegionCount, Corpus.RegionWidth]);
        folder.WriteNpy(Path.Combine("arrays", "two.npy"), Corpus.RandomRegions(new Random(2)), [Corpus.RegionCount, Corpus.RegionWidth]);
        await File.WriteAllTextAsync(folder["metadata.jsonl"], """{ "id": "one", "metadata": { "album": "new" } }""", TestContext.Current.CancellationToken);
        await using var site = await Site.StartAsync(MarkupSite.Options(folder["index"]) with { Ingestion = new ServerIngestionOptions { Roots = [folder.Path] } });
        await using var visit = await browser.VisitAsync(site.Address, "/#/operate");
        var runs = Panel(visit, "Ingestions");

        foreach (var (kind, field) in new[] { ("TSV file of a detector", "TSV file below"), ("HDF5 file", "Datasets"), ("Folder of arrays", "Folder of .npz or .npy files") })
        {
            await runs.GetByRole(AriaRole.Combobox, new() { Name = "Source" }).SelectOptionAsync(kind);
            await Expect(runs.GetByLabel(field)).ToBeVisibleAsync();
        }

        await runs.GetByLabel("Folder of .npz or .npy files").FillAsync("arrays");
        await runs.GetByLabel("Metadata by id").FillAsync("metadata.jsonl");
        await visit.IsAccessibleAsync();
        await runs.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();

        await Expect(runs.GetByRole(AriaRole.Article)).ToContainTextAsync("2 stored");
        await visit.Page.GotoAsync(new Uri(site.Address, "/#/browse").ToString());
        await Expect(visit.Page.Locator(".hit").Filter(new() { HasText = "album=new" }).Locator(".id")).ToHaveTextAsync("one");
    }

    [Fact]
    public async Task A_run_is_cancelled()
    {
        using var folder = new TemporaryFolder();
        await MarkupSite.IngestAsync(folder.Path);
        Directory.CreateDirectory(folder["sources"]);
        Corpus.Make(3000, captionsPerImage: 1, seed: 9).Write(folder["sources"]);
        await using var site = await Site.StartAsync(MarkupSite.Options(folder["index"]) with { Ingestion = new ServerIngestionOptions { Roots = [folder.Path] } });
        await using var visit = await browser.VisitAsync(site.Address, "/#/operate");
        var runs = Panel(visit, "Ingestions");

        // Row by row, so that it lasts until somebody has pressed the button.
        await visit.Page.RouteAsync("**/v1/ingestions", route => route.Request.Method != "POST" ? route.ContinueAsync() : route.ContinueAsync(new RouteContinueOptions
        {
            PostData = Encoding.UTF8.GetBytes($$"""{ "source": { "folder": "sources", "split": "{{Corpus.Split}}" }, "batchRows": 1 }"""),
        }));
        await runs.GetByLabel("Folder below a configured root").FillAsync("sources");
        await runs.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Expect(runs.GetByRole(AriaRole.Article)).ToContainTextAsync("of them not committed yet");
        await runs.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await Expect(runs.GetByRole(AriaRole.Article)).ToContainTextAsync("cancelled");
        await Expect(runs.GetByRole(AriaRole.Article)).Not.ToContainTextAsync("not committed yet");
        await Expect(runs.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_run_that_may_not_be_started_says_why()
    {
        await using var visit = await browser.VisitAsync(demo.Address, "/#/operate");
        var runs = Panel(visit, "Ingestions");

        await runs.GetByLabel("Folder below a configured root").FillAsync("../etc");
        await runs.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();

        await Expect(runs.GetByRole(AriaRole.Alert)).ToContainTextAsync("holds an empty segment, '.' or '..'");
        visit.Expect("Failed to load resource");
    }

    private static ILocator Panel(Visit visit, string name) => visit.Page.GetByRole(AriaRole.Region, new() { Name = name, Exact = true });
}
