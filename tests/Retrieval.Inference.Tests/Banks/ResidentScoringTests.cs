using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Tests.Banks;

/// <summary>Where the bank lies makes no difference to a score.</summary>
public sealed class ResidentScoringTests
{
    [Theory]
    [MemberData(nameof(Bundles.All), MemberType = typeof(Bundles))]
    public void Resident_and_mapped_banks_score_bit_for_bit_alike_and_their_rows_are_queries(string bundle)
    {
        using var model = MatchingModel.Load(Bundles.PathOf(bundle), new InferenceOptions { Threads = 1, BankPlacement = BankPlacement.Resident });
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 6, 1), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 9, 2), token);
        using var mappedImages = new MappedCopy(images.Records);
        using var mappedCaptions = new MappedCopy(captions.Records, 0xFF, gap: 3);
        using (var imageBank = FeatureBank.Open(model, RecordSide.Image, mappedImages.Records, cancellationToken: token))
        using (var captionBank = FeatureBank.Open(model, RecordSide.Caption, mappedCaptions.Records, cancellationToken: token))
        {
            Assert.True(imageBank.IsResident && captionBank.IsResident);
            long[] image = [.. Enumerable.Range(0, 54).Select(i => i % 6)];
            long[] caption = [.. Enumerable.Range(0, 54).Select(i => i / 6)];
            Assert.Equal(
                model.TextToImage.Score(mappedImages.Table, captions.Records, image, caption),
                model.TextToImage.Score(imageBank.Records, captions.Records, image, caption));
            Assert.Equal(
                model.ImageToText.Score(mappedCaptions.Table, images.Records, caption, image),
                model.ImageToText.Score(captionBank.Records, images.Records, caption, image));
            using var one = imageBank.Records.Row(4);
            using var two = captionBank.Records.Row(7);
            using var mixed = RecordTable.Concat([two, captions.Records]);
            Assert.Equal(
                model.ImageToText.Score(mappedCaptions.Table, images.Records, [7, 0], [4, 4]),
                model.ImageToText.Score(captionBank.Records, one, [7, 0], [0, 0]), (a, b) => Math.Abs(a - b) <= Bundles.Tolerance(bundle));
            Assert.Equal(
                model.TextToImage.Score(mappedImages.Table, captions.Records, [4, 3], [7, 2]),
                model.TextToImage.Score(imageBank.Records, mixed, [4, 3], [0, 3]), (a, b) => Math.Abs(a - b) <= Bundles.Tolerance(bundle));
        }

        Assert.Equal(model.Device.TotalBytes, model.Device.Budget.Memory.Measure().Total);
        Assert.Equal(0, model.Device.Budget.Taken);
    }

    [Fact]
    public async Task Searches_of_the_former_bank_are_not_disturbed_while_it_grows()
    {
        using var model = MatchingModel.Load(Bundles.PathOf(Bundles.Fast), new InferenceOptions { Threads = 1, BankPlacement = BankPlacement.Resident });
        var token = TestContext.Current.CancellationToken;
        using var images = model.ImageEncoder.Encode(Samples.Regions(model.Manifest, 1000, 1), token);
        using var captions = model.TextEncoder.Encode(Samples.Captions(model, 4, 2), token);
        using var mapped = new MappedCopy(images.Records);
        long[] slots = [.. Enumerable.Range(0, 100)];
        var expected = model.TextToImage.Score(mapped.Table, captions.Records, slots, new long[100]);
        var bank = FeatureBank.Open(model, RecordSide.Image, mapped.Take(100), cancellationToken: token);
        using var first = bank;
        var rounds = 0;
        using var stop = new CancellationTokenSource();
        var searches = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Assert.Equal(expected, model.TextToImage.Score(first.Records, captions.Records, slots, new long[100]));
                    Interlocked.Increment(ref rounds);
                }
            },
            token);

        // In place while there is room, then into new rooms; the newest is searched too.
        for (var items = 110; items <= 1000; items += 89)
        {
            var next = FeatureBank.Open(model, RecordSide.Image, mapped.Take(items), bank, cancellationToken: token);
            if (!ReferenceEquals(bank, first))
            {
                bank.Dispose();
            }

            bank = next;
            Assert.Equal(expected, model.TextToImage.Score(bank.Records, captions.Records, slots, new long[100]));
        }

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref rounds) > 3 || searches.IsCompleted, TimeSpan.FromMinutes(1)));
        await stop.CancelAsync();
        await searches;
        bank.Dispose();
    }
}
