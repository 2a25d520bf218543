using System.Text.Json.Nodes;
using Retrieval.Server.Tests.Hosting;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Repair;

namespace Retrieval.Server.Tests.Damage;

/// <summary>The folder of a served index goes away, as with a disk that is unmounted, or goes back in time, as with a backup that is put back.</summary>
[Trait("Promise", "15")]
public sealed class LostFolderTests
{
    private const int Images = 12;

    [Theory]
    [InlineData("all")]
    [InlineData("all, and an empty one in its place")]
    [InlineData("data and manifests")]
    [InlineData("data")]
    public async Task What_is_gone_is_said_written_to_by_nobody_and_served_on(string gone)
    {
        using var index = await DamagedIndex.CreateAsync(Repository.Bundle, Images);
        await using var server = await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index.Path))).ReadyAsync();
        var before = await SearchAsync(server);

        var away = index.Path + ".away";
        switch (gone)
        {
            case "data":
                Directory.Move(Directory.GetDirectories(index.Path, "data-*").Single(), away);
                break;
            case "data and manifests":
                Directory.Move(Directory.GetDirectories(index.Path, "data-*").Single(), away);
                Array.ForEach(Directory.GetFiles(index.Path, "manifest*"), File.Delete);
                break;
            default:
                Directory.Move(index.Path, away);
                if (gone != "all")
                {
                    Directory.CreateDirectory(index.Path);
                }

                break;
        }

        await (await server.Client.PutAsync("/v1/images/new", Image.Body(1, "w4").ToJsonString())).ProblemAsync(503);
        await (await server.Client.RemoveAsync("/v1/images/plain.jpg")).ProblemAsync(503);
        await Eventually.TrueAsync(async () => await NoteAsync(server) is { } note && note.Contains("gone", StringComparison.Ordinal) | note.Contains("nothing of it is left", StringComparison.Ordinal), "readiness has a note");
        await Eventually.TrueAsync(() => server.Log.Of(1103).Any(), "the log says so");
        Assert.Equal(before, await SearchAsync(server));
        Assert.Empty(Directory.Exists(index.Path) ? Directory.GetDirectories(index.Path, "data-*") : []);
        if (gone == "all")
        {
            Directory.Move(away, index.Path);
            await Eventually.TrueAsync(async () => await NoteAsync(server) is null, "it is back");
            await (await server.Client.PutAsync("/v1/images/new", Image.Body(1, "w4").ToJsonString())).BodyAsync(201);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Manifests_that_are_set_back_give_up_nothing_that_was_acknowledged(int puts)
    {
        using var index = await DamagedIndex.CreateAsync(Repository.Bundle, Images);
        string[] names = ["manifest.json", "manifest.copy.json"];
        var old = names.Select(name => File.ReadAllBytes(Path.Combine(index.Path, name))).ToList();
        await using (var server = await (await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, index.Path))).ReadyAsync())
        {
            for (var i = 0; i < puts; i++)
            {
                await (await server.Client.PutAsync($"/v1/images/new-{i}", Image.Body(i, "w4").ToJsonString())).BodyAsync(201);
            }

            for (var i = 0; i < names.Length; i++)
            {
                await File.WriteAllBytesAsync(Path.Combine(index.Path, names[i]), old[i], TestContext.Current.CancellationToken);
            }

            await Eventually.TrueAsync(async () => await NoteAsync(server) is not null, "readiness has a note");
            await (await server.Client.PutAsync("/v1/images/another", Image.Body(9, "w4").ToJsonString())).ProblemAsync(503);
            for (var i = 0; i < puts; i++)
            {
                Assert.True((await server.Client.AskAsync($"/v1/images/new-{i}")).IsSuccessStatusCode);
            }
        }

        if (puts > 1)
        {
            // One commit behind the manifest is what a killed writer leaves; more are not.
            var lost = Assert.Throws<ManifestLostException>(() => LocalIndex.Open(index.Path));
            Assert.Contains("an older manifest replaced the newest", lost.Message, StringComparison.Ordinal);
            Assert.True(LocalIndexRepair.Run(index.Path, null, dryRun: false, cancellation: TestContext.Current.CancellationToken).Ok);
            Assert.Equal(Images + puts, index.Read(read => read.Images.Count));
        }
    }

    private static async Task<string?> NoteAsync(RunningServer server) => (string?)(await (await server.Client.AskAsync("/health/ready")).BodyAsync(200))["note"];

    private static async Task<string> SearchAsync(RunningServer server) =>
        (await server.Client.AnswerAsync("/v1/search/images", new JsonObject { ["caption"] = "w4 w5", ["top"] = Images }.ToJsonString()))["hits"]!.ToJsonString();
}
