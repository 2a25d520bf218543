using Retrieval.Cli.Output;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Evaluation;
using Retrieval.Features.Npy;
using Retrieval.Cli.Input;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval evaluate --scores</c>.</summary>
internal static class MatrixEvaluation
{
    public static int Run(string path, int captionsPerImage, int folds, ResultFormat format)
    {
        var summary = Summarize(path, captionsPerImage, folds);
        if (format == ResultFormat.Json)
        {
            Printer.WriteJson(EvaluationView.Of(summary, folds), EvaluationView.Json);
            return ExitCodes.Ok;
        }

        var table = EvaluationTable.Create($"{Units.Count(summary.Images)} images of {captionsPerImage} {(captionsPerImage == 1 ? "caption" : "captions")}{(folds > 1 ? $", means of {folds} folds" : "")}", ["direction"]);
        EvaluationTable.AddRow(table, summary.ImageToText, ["image to text"]);
        EvaluationTable.AddRow(table, summary.TextToImage, ["text to image"]);
        var text = new TextReport();
        text.Add(table);
        text.Add($"sum of the six recalls (rsum): {Units.Fixed(summary.RecallSum, 1)}");
        text.Write(format);
        return ExitCodes.Ok;
    }

    private static RetrievalSummary Summarize(string path, int captionsPerImage, int folds)
    {
        using var file = NpyFile.Open(path);
        file.RequireType(isFloat: true);
        var shape = file.Shape;
        if (shape.Count != 2 || shape[0] is 0 or > int.MaxValue || shape[1] != shape[0] * captionsPerImage)
        {
            throw new InvalidInputException($"({string.Join(", ", shape)}); expected (images, images × {captionsPerImage})", file.Name, field: "shape");
        }

        if (shape[0] * shape[1] > Array.MaxLength)
        {
            throw new InvalidInputException($"{shape[0] * shape[1]} scores; expected at most {Array.MaxLength}", file.Name, field: "shape");
        }

        var scores = new float[shape[0] * shape[1]];
        file.ReadRows(0, scores.AsSpan());
        try
        {
            return folds == 1
                ? RecallMetrics.Summarize(scores, (int)shape[0], captionsPerImage)
                : RecallMetrics.SummarizeFolds(scores, (int)shape[0], captionsPerImage, folds);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidInputException(exception.Reason, file.Name, innerException: exception);
        }
    }
}
