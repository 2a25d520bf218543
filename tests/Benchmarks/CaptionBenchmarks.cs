using BenchmarkDotNet.Attributes;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Text;

namespace Benchmarks;

/// <summary>Caption text to token ids.</summary>
public class CaptionBenchmarks
{
    private static readonly string[] Special = ["<pad>", "<start>", "<end>", "<unk>"];

    private CaptionEncoder _encoder = null!;
    private string _caption = "";

    [Params(Captions.Usual, Captions.Punctuated, Captions.Longest)]
    public string Caption { get; set; } = Captions.Usual;

    [GlobalSetup]
    public void Setup()
    {
        _caption = Captions.Text(Caption);
        var words = Captions.All.SelectMany(name => TreebankTokenizer.Tokenize(Captions.Text(name))).Concat(Enumerable.Range(0, 10_000).Select(i => $"word{i}"));
        _encoder = new CaptionEncoder(new Vocabulary(Special.Concat(words.Distinct())), new TokenSpec(82, Special[0], Special[1], Special[2], Special[3]));
    }

    [Benchmark(Baseline = true)]
    public int Tokenize() => TreebankTokenizer.Tokenize(_caption).Length;

    [Benchmark]
    public int Encode() => _encoder.Encode(_caption).TokenIds.Length;
}
