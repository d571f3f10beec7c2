import hooks from "eslint-plugin-react-hooks";
import typescript from "typescript-eslint";

export default typescript.config(
  { ignores: ["dist", "src/api/schema.ts"] },
  ...typescript.configs.strict,
  hooks.configs.flat["recommended-latest"],
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      // Text from the server is only ever set as text.
      "no-restricted-properties": ["error", { property: "innerHTML" }, { property: "outerHTML" }],
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Text only." },
        {
          selector:
            "CallExpression[callee.property.name=/^(toFixed|toLocaleString|toLocaleTimeString)$/]",
          message: "Every number and time passes src/format.",
        },
      ],
    },
  },
  {
    files: ["src/format/**", "src/components/Spark.tsx"],
    rules: { "no-restricted-syntax": "off" },
  },
);
