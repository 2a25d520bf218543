using Retrieval.Storage.Local.Reading;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local;

/// <summary>Compares an index with what must be in it, byte for byte.</summary>
internal static class IndexAssert
{
    public static void Holds(LocalIndex index, IReadOnlyDictionary<string, int> expected)
    {
        Assert.Equal(expected.Count, index.Images.Count);
        long captions = 0;
        foreach (var (id, version) in expected)
        {
            Assert.True(index.TryGetImageSlot(id, out var slot), $"{id} is missing");
            Assert.True(index.Images.IsLive(slot));
            captions += Holds(index, slot, SampleCorpus.Image(id, version));
        }

        Assert.Equal(captions, index.Captions.Count);
    }

    private static int Holds(LocalIndex index, long slot, SampleImage sample)
    {
        var image = index.GetImage(slot);
        Assert.Equal(sample.Entry.Id, image.Id);
        Assert.Equal(sample.Entry.Id, index.GetImageId(slot));
        Assert.Equal(sample.Entry.ContentHash.ToArray(), image.ContentHash.ToArray());
        Assert.Equal(sample.Entry.Metadata.ToArray(), image.Metadata.ToArray());
        Assert.Equal(sample.Entry.Boxes.ToArray(), image.Boxes);
        Assert.Equal(sample.Entry.Captions.Count, image.CaptionCount);
        Assert.Equal(sample.ImageFieldsByName["embedding"], index.Images.Embedding.Row(slot).ToArray());
        Assert.Equal(sample.ImageFieldsByName["v"], index.Images.Field("v").Row(slot).ToArray());
        for (var i = 0; i < image.CaptionCount; i++)
        {
            Assert.Equal(new IndexedCaption(image.FirstCaption + i, slot, i, sample.Entry.Captions[i]), index.GetCaption(image.FirstCaption + i));
            Assert.True(index.Captions.IsLive(image.FirstCaption + i));
            Assert.Equal(sample.CaptionLengths[i], index.Captions.Extents!.Lengths[(int)image.FirstCaption + i]);
        }

        foreach (var (name, bytes) in sample.CaptionFieldsByName)
        {
            var found = Enumerable.Range(0, image.CaptionCount).SelectMany(i => CaptionBytes(index, name, image.FirstCaption + i)).ToArray();
            Assert.Equal(bytes, found);
        }

        return image.CaptionCount;
    }

    private static byte[] CaptionBytes(LocalIndex index, string name, long slot)
    {
        var field = name == "embedding" ? index.Captions.Embedding : index.Captions.Field(name);
        if (!field.Spec.Ragged)
        {
            return field.Row(slot).ToArray();
        }

        var extents = index.Captions.Extents!;
        return [.. Enumerable.Range(0, (int)extents.Lengths[(int)slot]).SelectMany(i => field.Row(extents.Offsets[(int)slot] + i).ToArray())];
    }
}
